/*
 * person_of, at the end: most events name one person by keys that are known to be theirs
 * (is_plain). Else whom the events are about is the person of their names (begin), and what is
 * known under other names of theirs is taken over, name by name (take_key).
 */
#include "decide/person.h"

#include <string.h>

struct finding {
    const struct person_question *question;
    struct name *person;
    bool alone; /* no two ids are among the work's persons: all of it is one person's */
    uint32_t joins;
};

enum { NAMES_LOOKED_THROUGH = 8 };

/* Of few names most keys are one: that is found sooner than in the map. */
static struct name *find(const struct person_question *question, const char *key)
{
    for (uint32_t i = 0; i < question->name_count && i < NAMES_LOOKED_THROUGH; i++)
        if (strcmp(question->names[i]->text, key) == 0)
            return question->names[i];
    return name_table_find(question->by_key, key);
}

/* Whose a name is; NULL: nobody's that is known. */
static struct name *owner(const struct person_question *question, struct name *name)
{
    struct name *now = name;
    for (int hops = 0; hops < PERSON_HOPS_MOST && now->target && (now == name || !now->is_away);
         hops++)
        now = find(question, now->target);
    return now != name || now->is_id || now->document.text ? now : NULL;
}

static struct name *first_name(const struct finding *finding, const struct shop_event *event)
{
    return find(finding->question, event->keys[0].text);
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
        mention(mentioned, find(finding->question, event->keys[i].text));
        if (event->keys[i].old)
            mention(mentioned, find(finding->question, event->keys[i].old));
    }
}

static struct name *id_of(const struct finding *finding, const struct shop_event *event)
{
    for (uint32_t i = 0; i < event->key_count; i++)
        if (event->keys[i].is_id)
            return find(finding->question, event->keys[i].text);
    return NULL;
}

static struct name *meant(const struct finding *finding, const struct shop_event *event)
{
    struct name *id = id_of(finding, event), *first = first_name(finding, event);
    struct mentioned mentioned = {0};
    if (event->is_led)
        return first->person ? first->person : first;
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
    const struct person_question *question = finding->question;
    struct mentioned mentioned = {0};
    for (uint32_t i = 0; i < question->name_count; i++)
        mention(&mentioned, question->names[i]);
    finding->alone = !mentioned.other_id;
    if (question->event_count == 0)
        return question->names[0]->person ? question->names[0]->person : question->names[0];
    if (!finding->alone)
        return meant(finding, question->events[0]);
    if (mentioned.id)
        return mentioned.id;
    mentioned = (struct mentioned){0};
    for (uint32_t i = 0; i < question->event_count; i++)
        mention_all(finding, question->events[i], &mentioned);
    return mentioned.first ? mentioned.first : first_name(finding, question->events[0]);
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
    for (; name && !name->is_id && !name->is_relied; name = find(finding->question, name->target)) {
        name->is_relied = true;
        if (!name->target)
            break;
    }
}

/* All that leads to a person of whom no id is known, and that one, who may stand in another shard.
 */
static void join(struct finding *finding, const struct name *other)
{
    for (uint32_t i = 0; i < finding->question->name_count; i++) {
        struct name *name = finding->question->names[i];
        if (name == other || name->person == other)
            take(finding, name);
    }
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
    bool has_id = id_of(finding, event) && !event->is_led;
    struct mentioned mentioned = {0};
    mention_all(finding, event, &mentioned);
    bool joins = finding->alone || has_id || !mentioned.other_id;
    for (uint32_t i = 0; i < event->key_count; i++) {
        take_key(finding, find(finding->question, event->keys[i].text), has_id, joins);
        if (event->keys[i].old)
            take_key(finding, find(finding->question, event->keys[i].old), has_id, joins);
    }
}

static void gather(const struct person_question *question, struct arena *arena,
                   struct person *person)
{
    person->taken = arena_alloc(arena, sizeof(struct name *) * (question->name_count + 1));
    person->relied = arena_alloc(arena, sizeof(struct name *) * (question->name_count + 1));
    for (uint32_t i = 0; i < question->name_count; i++) {
        struct name *name = question->names[i];
        if (name->is_taken)
            person->taken[person->taken_count++] = name;
        if (name->is_relied)
            person->relied[person->relied_count++] = name;
    }
}

static bool leads(const struct name *name, const char *text, const struct name *id)
{
    return strcmp(name->text, text) == 0 && !name->is_id && name->target &&
           strcmp(name->target, id->text) == 0;
}

/* Most events name one person, by an id and by keys of which each is known to lead there: the names
 * are these keys, in their order. */
static bool is_plain(const struct person_question *question)
{
    const struct name *id = question->names[0];
    const struct shop_event *event = question->event_count == 1 ? question->events[0] : NULL;
    uint32_t at = 1;
    if (!event || !id->is_id || id->target || id->is_broken || event->keys[0].old ||
        strcmp(event->keys[0].text, id->text) != 0)
        return false;
    for (uint32_t i = 1; i < event->key_count; i++) {
        const struct customer_key *key = &event->keys[i];
        if (at == question->name_count || !leads(question->names[at++], key->text, id))
            return false;
        if (key->old && (at == question->name_count || !leads(question->names[at++], key->old, id)))
            return false;
    }
    return at == question->name_count;
}

static void take_plain(const struct person_question *question, struct arena *arena,
                       struct person *person)
{
    struct name *id = question->names[0];
    for (uint32_t i = 0; i < question->name_count; i++) {
        question->names[i]->person = id;
        question->names[i]->is_taken = question->names[i]->is_relied = i > 0;
    }
    person->name = id;
    person->event_count = 1;
    person->is_plain = true;
    gather(question, arena, person);
}

struct person *person_of(const struct person_question *question, struct arena *arena)
{
    struct person *person = arena_zero(arena, sizeof *person);
    if (is_plain(question)) {
        take_plain(question, arena, person);
        return person;
    }
    struct finding finding = {.question = question};
    for (uint32_t i = 0; i < question->name_count; i++) {
        question->names[i]->person = owner(question, question->names[i]);
        question->names[i]->is_taken = question->names[i]->is_relied = false;
    }
    person->name = finding.person = begin(&finding);
    for (uint32_t i = 0; i < question->event_count && finding.joins < PERSON_JOINS_MOST; i++) {
        if (i > 0 && !finding.alone && meant(&finding, question->events[i]) != finding.person)
            break;
        take_event(&finding, question->events[i]);
        person->event_count++;
    }
    for (uint32_t i = 0; i < question->name_count && question->event_count == 0; i++)
        if (question->names[i]->person == finding.person)
            take(&finding, question->names[i]);
    if (!person->name->is_id)
        person->name->is_relied = true;
    gather(question, arena, person);
    return person;
}
