#include "events/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct names {
    const struct policy *policy;
    const char *const *key_paths;
    const struct placement_home *home;
    struct name_table by_key;
    struct name **all;
    uint32_t count, capacity;
    struct name **asked; /* in the order of the question: all, then those that have a hash */
    uint32_t asked_count;
};

struct names *names_new(void)
{
    struct names *names = mem_zero(1, sizeof *names);
    return names;
}

void names_destroy(struct names **names)
{
    if (!*names)
        return;
    name_table_free(&(*names)->by_key);
    free(*names);
    *names = NULL;
}

void names_begin(struct names *names, const struct policy *policy, const char *const *key_paths,
                 const struct placement_home *home)
{
    name_table_clear(&names->by_key);
    names->policy = policy;
    names->key_paths = key_paths;
    names->home = home;
    names->all = names->asked = NULL;
    names->count = names->capacity = names->asked_count = 0;
}

struct name *names_find(const struct names *names, const char *key)
{
    return name_table_find(&names->by_key, key);
}

bool names_bring(const struct names *names, struct work *work, const char *const *keys,
                 size_t count)
{
    for (size_t i = 0; i < count && !work->waited; i++) {
        const struct name *name = names_find(names, keys[i]);
        work->waited = name && name->work && name->work != work && name->work->event_count;
        if (work->waited)
            return true;
    }
    return false;
}

/* ---- Names come to works ---- */

static struct name *need(struct names *names, struct arena *batch, const char *key, bool is_old)
{
    struct name *name = names_find(names, key);
    if (name)
        return name;
    name = arena_zero(batch, sizeof *name);
    name_enter(name, batch, names->policy, names->key_paths, key, is_old);
    name->is_away = placement_is_away(names->home, key);
    name_table_add(&names->by_key, name);
    names->all = arena_grow(batch, names->all, names->count, &names->capacity, sizeof *names->all);
    names->all[names->count++] = name;
    return name;
}

static void give(struct arena *batch, struct work *work, struct name *name)
{
    struct work *other = name->work;
    if (other == work)
        return;
    if (other && other->state != WORK_DONE) {
        for (uint32_t i = 0; i < other->name_count; i++)
            other->names[i]->work = work;
        work_merge(batch, work, other);
        return;
    }
    name->work = work;
    work_add_name(batch, work, name);
}

void names_add_event(struct names *names, struct arena *batch, struct work *work,
                     const struct shop_event *event)
{
    bool has_id = false;
    for (uint32_t i = 0; i < event->key_count; i++)
        has_id = has_id || event->keys[i].is_id;
    for (uint32_t i = 0; i < event->key_count; i++) {
        struct name *name = need(names, batch, event->keys[i].text, false);
        name->is_alone = name->is_alone || !has_id;
        give(batch, work, name);
        if (event->keys[i].old)
            give(batch, work, need(names, batch, event->keys[i].old, true));
    }
}

void names_add_key(struct names *names, struct arena *batch, struct work *work, const char *key)
{
    struct name *name = need(names, batch, key, false);
    name->is_alone = true;
    give(batch, work, name);
}

/* ---- A round: what Redis has of them ---- */

void names_forget(struct names *names)
{
    for (uint32_t i = 0; i < names->count; i++) {
        struct name *name = names->all[i];
        name->is_read = name->is_broken = false;
        name->is_taken = name->is_relied = false;
        name_lead(name, NULL, NULL);
        name->document = name->record = (struct slice){0};
        name->person = NULL;
    }
}

static bool is_wanted(const struct name *name)
{
    return !name->is_read && name->work && name->work->state != WORK_DONE;
}

bool names_ask(struct names *names, struct arena *round, struct customers_query *query)
{
    const char **keys = arena_alloc(round, sizeof *keys * (names->count + 1));
    const char **all = arena_alloc(round, sizeof *all * (names->count + 1));
    const char **hashes = arena_alloc(round, sizeof *hashes * (names->count + 1));
    names->asked = arena_alloc(round, sizeof(struct name *) * (names->count + 1));
    *query = (struct customers_query){.keys = keys, .names = all, .hashes = hashes};
    for (uint32_t i = 0; i < names->count; i++) {
        struct name *name = names->all[i];
        if (!is_wanted(name))
            continue;
        names->asked[query->count] = name;
        all[query->count] = name->hash;
        keys[query->count++] = name->text;
        if (!name->is_id)
            hashes[query->hash_count++] = name->hash;
    }
    names->asked_count = (uint32_t)query->count;
    return query->count > 0;
}

/* Where a name leads is a name too. An id of another shard is not read here; who has none may
 * become this person's, and is a key of theirs then. Another id is told nothing by an event that
 * has an id of its own: what is known of that other one need not be read. */
static void follow(struct names *names, struct arena *batch, const struct name *name)
{
    if (!name->target)
        return;
    struct name *target = names_find(names, name->target);
    if (!target)
        target = need(names, batch, arena_text(batch, name->target), false);
    target->is_alone = target->is_alone || name->is_alone;
    if (target->is_away && target->is_id)
        return;
    if (name->is_alone || !target->is_id)
        give(batch, name->work, target);
}

void names_learn(struct names *names, struct arena *batch, struct arena *round,
                 const struct customers_found *found)
{
    size_t next = 0;
    for (uint32_t i = 0; i < names->asked_count; i++) {
        struct name *name = names->asked[i];
        name->is_read = true;
        name->document = slice_copy(round, found->documents[i]);
        name->record = slice_copy(round, found->records[i]);
        if (!name->is_id)
            name_lead(name, round, slice_copy(round, found->targets[next++]).text);
    }
    for (uint32_t i = 0; i < names->asked_count; i++)
        follow(names, batch, names->asked[i]);
}

struct person *names_person(const struct names *names, struct arena *round, const struct work *work)
{
    const struct person_question question = {.by_key = &names->by_key,
                                             .names = work->names,
                                             .name_count = work->name_count,
                                             .events = work->events,
                                             .event_count = work->event_count};
    return person_of(&question, round);
}
