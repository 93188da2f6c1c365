#include "events/person.h"

#include <string.h>

struct finding {
    const struct names *names;
    const struct work *work;
    struct name *person;
    bool alone; /* no two ids are among the work's persons: all of it is one person's */
    uint32_t joins;
};

/* Whose a name is; NULL: nobody's that is known. */
static struct name *owner(const struct names *names, struct name *name)
{
    struct name *now = name;
    for (int hops = 0; hops < PERSON_HOPS_MOST && now->target; hops++)
        now = names_find(names, now->target);
    return now != name || now->is_id || now->document.text ? now : NULL;
}

static struct name *first_name(const struct finding *finding, const struct shop_event *event)
{
    return names_find(finding->names, event->keys[0].text);
}

/* ---- Whom an event is about ---- */

struct mentioned {
    struct name *id, *other_id; /* persons that are named, by an id of theirs */
    struct name *first;         /* the first that is named, of those who can stand for all */
};

static void mention(struct mentioned *mentioned, const struct name *name)
{
    struct name *person = name->person;
    if (!person || person->is_broken)
        return;
    if (person->is_id && !mentioned->id)
        mentioned->id = person;
    else if (person->is_id && person != mentioned->id)
        mentioned->other_id = person;
    if (!mentioned->first && !person->is_old)
        mentioned->first = person;
}

static void mention_all(const struct finding *finding, const struct shop_event *event,
                        struct mentioned *mentioned)
{
    for (uint32_t i = 0; i < event->key_count; i++) {
        mention(mentioned, names_find(finding->names, event->keys[i].text));
        if (event->keys[i].old)
            mention(mentioned, names_find(finding->names, event->keys[i].old));
    }
}

static struct name *id_of(const struct finding *finding, const struct shop_event *event)
{
    for (uint32_t i = 0; i < event->key_count; i++)
        if (event->keys[i].is_id)
            return names_find(finding->names, event->keys[i].text);
    return NULL;
}

static struct name *meant(const struct finding *finding, const struct shop_event *event)
{
    struct name *id = id_of(finding, event), *first = first_name(finding, event);
    struct mentioned mentioned = {0};
    if (id)
        return id;
    mention_all(finding, event, &mentioned);
    if (mentioned.other_id)
        return first->person ? first->person : first;
    if (mentioned.id)
        return mentioned.id;
    return mentioned.first ? mentioned.first : first;
}

/* The one person of all names, or, where two ids are among them, whom the first event is about. */
static struct name *begin(struct finding *finding)
{
    const struct work *work = finding->work;
    struct mentioned mentioned = {0};
    for (uint32_t i = 0; i < work->name_count; i++)
        mention(&mentioned, work->names[i]);
    finding->alone = !mentioned.other_id;
    if (work->event_count == 0)
        return work->names[0]->person ? work->names[0]->person : work->names[0];
    if (!finding->alone)
        return meant(finding, work->events[0]);
    if (mentioned.id)
        return mentioned.id;
    mentioned = (struct mentioned){0};
    for (uint32_t i = 0; i < work->event_count; i++)
        mention_all(finding, work->events[i], &mentioned);
    return mentioned.first ? mentioned.first : first_name(finding, work->events[0]);
}

/* ---- What becomes theirs ---- */

/* Each key over which it leads elsewhere is relied on. */
static void take(struct finding *finding, struct name *name)
{
    if (name == finding->person || name->is_id || name->is_taken)
        return;
    name->is_taken = true;
    name->person = finding->person;
    finding->joins += name->document.text != NULL;
    for (; name && !name->is_id && !name->is_relied;
         name = names_find(finding->names, name->target)) {
        name->is_relied = true;
        if (!name->target)
            break;
    }
}

/* All that leads to a person of whom no id is known. */
static void join(struct finding *finding, const struct name *other)
{
    for (uint32_t i = 0; i < finding->work->name_count; i++)
        if (finding->work->names[i]->person == other)
            take(finding, finding->work->names[i]);
}

static void take_key(struct finding *finding, struct name *name, bool has_id, bool joins)
{
    struct name *person = name->person;
    if (name == finding->person)
        return;
    if (person == finding->person)
        take(finding, name);
    else if (!person && !name->is_old)
        take(finding, name);
    else if (!person)
        return;
    else if (!person->is_id && !person->is_broken && joins)
        join(finding, person);
    else if (person->is_id && has_id && !name->is_old)
        take(finding, name);
}

static void take_event(struct finding *finding, const struct shop_event *event)
{
    bool has_id = id_of(finding, event) != NULL;
    struct mentioned mentioned = {0};
    mention_all(finding, event, &mentioned);
    bool joins = finding->alone || has_id || !mentioned.other_id;
    for (uint32_t i = 0; i < event->key_count; i++) {
        take_key(finding, names_find(finding->names, event->keys[i].text), has_id, joins);
        if (event->keys[i].old)
            take_key(finding, names_find(finding->names, event->keys[i].old), has_id, joins);
    }
}

static void gather(const struct work *work, struct arena *round, struct person *person)
{
    person->taken = arena_alloc(round, sizeof(struct name *) * (work->name_count + 1));
    person->relied = arena_alloc(round, sizeof(struct name *) * (work->name_count + 1));
    for (uint32_t i = 0; i < work->name_count; i++) {
        struct name *name = work->names[i];
        if (name->is_taken)
            person->taken[person->taken_count++] = name;
        if (name->is_relied)
            person->relied[person->relied_count++] = name;
    }
}

struct person *person_of(const struct names *names, struct arena *round, const struct work *work)
{
    struct person *person = arena_zero(round, sizeof *person);
    struct finding finding = {.names = names, .work = work};
    for (uint32_t i = 0; i < work->name_count; i++) {
        work->names[i]->person = owner(names, work->names[i]);
        work->names[i]->is_taken = work->names[i]->is_relied = false;
    }
    person->name = finding.person = begin(&finding);
    for (uint32_t i = 0; i < work->event_count && finding.joins < PERSON_JOINS_MOST; i++) {
        if (i > 0 && !finding.alone && meant(&finding, work->events[i]) != finding.person)
            break;
        take_event(&finding, work->events[i]);
        person->event_count++;
    }
    for (uint32_t i = 0; i < work->name_count && work->event_count == 0; i++)
        if (work->names[i]->person == finding.person)
            take(&finding, work->names[i]);
    if (!person->name->is_id)
        person->name->is_relied = true;
    gather(work, round, person);
    return person;
}
