/*
 * A key is a `struct replay_kept`, in the map for good; what it has comes and goes:
 *
 *   replay_memory_meet    the keys of an event, and those to which they lead (decide/person)
 *   replay_memory_read    their documents, from the text that would stand in Redis
 *   replay_memory_pass    what concerns nothing is kept at once
 *   replay_memory_commit  keep_document, decide/replay_starts, lead_keys, erase: each as commit.lua
 *                         does it
 *
 * An image is made of a customer who was decided; but where whoever comes next is mostly the same,
 * they stay as they are (struct live) until somebody else comes: nothing is copied, and read again.
 */
#include "decide/replay_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"
#include "customer/customer_print.h"
#include "customer/customer_profile.h"
#include "customer/customer_settled.h"
#include "customer/customer_size.h"
#include "decide/fit.h"
#include "decide/replay_said.h"
#include "decide/replay_starts.h"

enum {
    ARENA_BYTES = 64 * 1024,
    SMALL_BYTES = 8 * 1024,
    SLOTS_KEPT = 256,
};

/* Of every document: nobody writes to one at the same time. */
#define ONLY_VERSION "1"

struct replay_memory {
    const struct policy *policy;
    const char *const *key_paths;
    int64_t keep_ms;
    struct arena *arena; /* of the keys */
    struct name_table by_key;
    struct map *suppressed; /* hashes */
    struct replay_said *said;
    struct replay_timers timers;
    struct customer_image_maker maker;
    struct buf text; /* of a large document */
    struct live {
        struct replay_kept *kept;  /* whose it is; NULL: nobody is live */
        struct customer *customer; /* newer than the image, if there is one */
        /* Who they proved to be by those keys of an event; NULL: that is not known. */
        struct person *person;
        const struct customer_key *keys;
        uint32_t key_count;
    } live;
};

struct replay_memory *replay_memory_new(const struct policy *policy, const char *const *key_paths,
                                        int64_t keep_ms, const struct arena *lasting)
{
    struct replay_memory *memory = mem_zero(1, sizeof *memory);
    memory->policy = policy;
    memory->key_paths = key_paths;
    memory->keep_ms = keep_ms;
    memory->arena = arena_new(ARENA_BYTES);
    memory->maker.maker.lasting = lasting;
    memory->suppressed = map_new();
    memory->said = replay_said_new();
    buf_init(&memory->text, 2 * CUSTOMER_DOCUMENT_MOST);
    return memory;
}

/* ---- What is kept under a key ---- */

/* What was decided refers to what it was made of: that goes when the next decision begins. But who
 * is live still refers to it. */
static void settle(struct replay_memory *memory)
{
    if (!memory->live.kept)
        customer_image_settle(&memory->maker);
}

bool replay_memory_is_live(const struct replay_memory *memory)
{
    return memory->live.kept;
}

void replay_memory_settle(struct replay_memory *memory, struct arena *arena)
{
    const struct live live = memory->live;
    if (!live.kept)
        return;
    size_t bytes = customer_image_make(&memory->maker, live.kept->image, live.customer, arena);
    if (bytes > live.customer->bytes)
        bytes = live.customer->bytes;
    customer_image_put(&memory->maker, &live.kept->image, live.customer, bytes);
    memory->live = (struct live){0};
}

/* Where they lie in an image, or as they are; NULL: nobody is known. */
static const struct customer *peek(const struct replay_memory *memory,
                                   const struct replay_kept *kept)
{
    if (memory->live.kept == kept)
        return memory->live.customer;
    return kept->image ? customer_image_peek(kept->image) : NULL;
}

/* A name is the first member of what is kept. */
static struct replay_kept *kept_of(struct name *name)
{
    return (struct replay_kept *)name;
}

static void forget_document(struct replay_memory *memory, struct replay_kept *kept)
{
    if (memory->live.kept == kept)
        memory->live = (struct live){0};
    customer_image_drop(&memory->maker, &kept->image);
    kept->name.document = (struct slice){0};
    kept->deadline_ms = kept->asked_ms = 0;
    replay_timers_set(&memory->timers, &kept->timer, 0);
    replay_starts_forget(&memory->maker, kept);
}

void replay_memory_destroy(struct replay_memory **memory)
{
    struct replay_memory *gone = *memory;
    if (!gone)
        return;
    replay_timers_free(&gone->timers);
    replay_said_destroy(&gone->said);
    buf_free(&gone->text);
    customer_image_maker_free(&gone->maker);
    map_destroy(&gone->suppressed);
    name_table_free(&gone->by_key);
    arena_destroy(&gone->arena);
    free(gone);
    *memory = NULL;
}

void replay_memory_clear(struct replay_memory *memory)
{
    memory->live = (struct live){0};
    replay_timers_clear(&memory->timers);
    replay_said_clear(memory->said);
    customer_image_maker_clear(&memory->maker);
    if (memory->by_key.slot_count > SLOTS_KEPT)
        name_table_free(&memory->by_key);
    name_table_clear(&memory->by_key);
    arena_reset(memory->arena);
}

bool replay_memory_is_known(struct replay_memory *memory, struct replay_kept *kept, int64_t now_ms)
{
    if (kept->name.document.text && kept->expire_ms <= now_ms)
        forget_document(memory, kept);
    return kept->name.document.text != NULL;
}

static struct replay_kept *find(struct replay_memory *memory, const char *key, uint64_t hash,
                                int64_t now_ms)
{
    struct name *name = name_table_find_hashed(&memory->by_key, key, hash);
    if (name)
        replay_memory_is_known(memory, kept_of(name), now_ms);
    return name ? kept_of(name) : NULL;
}

struct replay_kept *replay_memory_find(struct replay_memory *memory, const char *key,
                                       int64_t now_ms)
{
    return find(memory, key, name_table_hash(key), now_ms);
}

struct replay_kept *replay_memory_next(struct replay_memory *memory,
                                       const struct replay_kept *before, int64_t now_ms)
{
    settle(memory);
    for (struct name *name = before ? before->name.after : memory->by_key.first; name;
         name = name->after)
        if (name->document.text && kept_of(name)->expire_ms > now_ms)
            return kept_of(name);
    return NULL;
}

void replay_memory_each_name(const struct replay_memory *memory,
                             void (*see)(void *context, const char *name),
                             void (*see_said)(void *context, const char *name), void *context)
{
    for (const struct name *name = memory->by_key.first; name; name = name->after)
        see(context, name->hash);
    replay_said_each(memory->said, see_said, context);
}

static struct name *need(struct replay_memory *memory, const char *key, uint64_t hash, bool is_old,
                         int64_t now_ms)
{
    struct replay_kept *kept = find(memory, key, hash, now_ms);
    if (!kept) {
        kept = pool_alloc(&memory->maker.pool, sizeof *kept);
        *kept = (struct replay_kept){0};
        name_enter(&kept->name, memory->arena, memory->policy, memory->key_paths,
                   arena_text(memory->arena, key), is_old);
        name_table_add(&memory->by_key, &kept->name);
        kept->timer.key = kept->name.text;
    }
    return &kept->name;
}

static struct replay_kept *kept_of_timer(struct replay_timer *timer)
{
    return (struct replay_kept *)((char *)timer - offsetof(struct replay_kept, timer));
}

struct replay_kept *replay_memory_due(struct replay_memory *memory)
{
    struct replay_timer *first = replay_timers_first(&memory->timers);
    return first ? kept_of_timer(first) : NULL;
}

void replay_memory_set_timer(struct replay_memory *memory, struct replay_kept *kept, int64_t at_ms)
{
    replay_timers_set(&memory->timers, &kept->timer, at_ms);
}

enum { LINE = 64, NAME_LINES = 4 };

static void fetch(const void *from, int lines)
{
    for (int i = 0; i < lines; i++)
        __builtin_prefetch((const char *)from + i * LINE);
}

static void expect_image(const struct replay_kept *kept, bool parts)
{
    if (kept->image)
        customer_image_expect(kept->image, parts);
    if (parts && kept->start_count)
        fetch(kept->starts, 2);
}

void replay_memory_expect(const struct replay_memory *memory, const struct shop_event *event,
                          enum replay_memory_step step)
{
    for (uint32_t i = 0; i < event->key_count; i++) {
        uint64_t hash = event->keys[i].hash;
        if (step == REPLAY_MEMORY_SLOT) {
            name_table_expect(&memory->by_key, hash);
            continue;
        }
        struct name *name = name_table_guess(&memory->by_key, hash);
        if (name && step == REPLAY_MEMORY_NAME)
            fetch(name, NAME_LINES);
        else if (name)
            expect_image(kept_of(name), step == REPLAY_MEMORY_PARTS);
    }
}

void replay_memory_expect_due(const struct replay_memory *memory)
{
    enum { NEXT = 3, SOON = 7 }; /* of these one is the next, of those one the second */
    for (uint32_t i = 0; i < SOON && i < memory->timers.near.count; i++) {
        const struct replay_kept *kept = kept_of_timer(memory->timers.near.items[i].timer);
        if (i < NEXT)
            expect_image(kept, i == 0);
        else
            fetch(kept, NAME_LINES);
    }
}

struct replay_kept *replay_memory_of(const struct person *person)
{
    return kept_of(person->name);
}

/* ---- Whom it is about ---- */

struct meeting {
    struct replay_memory *memory;
    struct arena *arena;
    int64_t now_ms;
    bool alone; /* the event has no id, or it is a deadline */
    struct name **names;
    uint32_t count, capacity;
};

static void add_name(struct meeting *meeting, struct name *name)
{
    for (uint32_t i = 0; i < meeting->count; i++)
        if (meeting->names[i] == name)
            return;
    meeting->names = arena_grow(meeting->arena, meeting->names, meeting->count, &meeting->capacity,
                                sizeof(struct name *));
    meeting->names[meeting->count++] = name;
}

static void add_key(struct meeting *meeting, const char *key, uint64_t hash, bool is_old)
{
    add_name(meeting, need(meeting->memory, key, hash, is_old, meeting->now_ms));
}

/* Where a name leads is a name too; but another id is told nothing by an event with one of its own
 * (events/names). */
static void follow(struct meeting *meeting)
{
    for (uint32_t i = 0; i < meeting->count; i++) {
        const struct name *name = meeting->names[i];
        if (!name->target)
            continue;
        struct name *target = need(meeting->memory, name->target, name_table_hash(name->target),
                                   false, meeting->now_ms);
        if (meeting->alone || !target->is_id)
            add_name(meeting, target);
    }
}

static bool has_id(const struct shop_event *event)
{
    for (uint32_t i = 0; event && i < event->key_count; i++)
        if (event->keys[i].is_id)
            return true;
    return false;
}

/* An event of whoever is live that names them as the one before did; NULL: it may be another's. */
static struct person *meet_again(struct replay_memory *memory, const struct shop_event *event,
                                 int64_t now_ms)
{
    const struct live *live = &memory->live;
    if (!live->person || !event || event->key_count != live->key_count ||
        !replay_memory_is_known(memory, live->kept, now_ms))
        return NULL;
    for (uint32_t i = 0; i < event->key_count; i++) {
        const struct customer_key *key = &event->keys[i], *was = &live->keys[i];
        if (key->hash != was->hash || key->old || was->old ||
            (key->text != was->text && strcmp(key->text, was->text) != 0))
            return NULL;
    }
    return live->person;
}

/* Who is not live is kept by now; of who is, how they were named is known from now on. */
static void note_meeting(struct replay_memory *memory, struct person *person,
                         const struct shop_event *event, struct arena *arena)
{
    struct live *live = &memory->live;
    if (live->kept != kept_of(person->name)) {
        replay_memory_settle(memory, arena);
    } else if (person->is_plain) {
        live->person = person;
        live->keys = event->keys;
        live->key_count = event->key_count;
    }
}

struct person *replay_memory_meet(struct replay_memory *memory, const char *key,
                                  const struct shop_event *event, int64_t now_ms,
                                  struct arena *arena)
{
    struct meeting meeting = {
        .memory = memory, .arena = arena, .now_ms = now_ms, .alone = !has_id(event)};
    struct person *person = meet_again(memory, event, now_ms);
    if (person)
        return person;
    for (uint32_t i = 0; event && i < event->key_count; i++) {
        const struct customer_key *named = &event->keys[i];
        add_key(&meeting, named->text, named->hash, false);
        if (named->old)
            add_key(&meeting, named->old, name_table_hash(named->old), true);
    }
    if (!event)
        add_key(&meeting, key, name_table_hash(key), false);
    settle(memory);
    follow(&meeting);
    const struct person_question question = {.by_key = &memory->by_key,
                                             .names = meeting.names,
                                             .name_count = meeting.count,
                                             .events = &event,
                                             .event_count = event != NULL};
    person = person_of(&question, arena);
    note_meeting(memory, person, event, arena);
    return person;
}

/* ---- Reading ---- */

struct customer *replay_memory_see(struct replay_memory *memory, const struct replay_kept *kept,
                                   struct arena *arena)
{
    settle(memory);
    struct customer *customer = memory->live.kept == kept
                                    ? memory->live.customer
                                    : customer_image_see(kept->image, arena, kept->name.text);
    customer->defaults = memory->policy->field_defaults;
    return customer;
}

struct customer *replay_memory_copy(struct replay_memory *memory, const struct replay_kept *kept,
                                    struct arena *arena)
{
    struct customer *customer = replay_memory_see(memory, kept, arena);
    struct diag diag;
    buf_clear(&memory->text);
    if (!customer_print(customer, ONLY_VERSION, &memory->text))
        return NULL;
    const char *text = arena_copy(arena, memory->text.data, memory->text.length);
    return customer_read(arena, arena_text(arena, kept->name.text), text, memory->text.length,
                         &diag);
}

/* To be changed. */
static struct customer *read_one(const struct replay_memory *memory, struct name *name,
                                 struct arena *arena)
{
    const struct replay_kept *kept = kept_of(name);
    if (memory->live.kept == kept)
        return customer_settled_again(memory->live.customer, arena);
    return kept->image ? customer_image_read(kept->image, arena, name->text)
                       : customer_new(arena, name->text);
}

struct customer *replay_memory_read(const struct replay_memory *memory, const struct person *person,
                                    struct arena *arena, const struct customer **joined,
                                    size_t *joined_count)
{
    *joined_count = 0;
    for (uint32_t i = 0; i < person->taken_count; i++) {
        struct name *taken = person->taken[i];
        if (kept_of(taken)->image)
            joined[(*joined_count)++] = read_one(memory, taken, arena);
    }
    struct customer *customer = read_one(memory, person->name, arena);
    for (uint32_t i = 0; customer && i < person->taken_count; i++)
        if (!person->taken[i]->is_old)
            customer_add_key(arena, customer, person->taken[i]->text);
    return customer;
}

struct said_text *replay_memory_records(const struct replay_memory *memory,
                                        const struct person *person, struct arena *arena,
                                        size_t *count)
{
    struct said_text *records = arena_alloc(arena, sizeof *records * (person->taken_count + 1));
    *count = 0;
    for (uint32_t i = 0; i <= person->taken_count; i++) {
        const struct name *name = i ? person->taken[i - 1] : person->name;
        records[(*count)++] = (struct said_text){
            name->hash, slice_copy(arena, replay_said_record(memory->said, name->hash))};
    }
    return records;
}

/* ---- What concerns nothing ---- */

/* Whether the keys of the event lead to the person already, and are the newest of theirs. */
static bool has_keys(const struct customer *customer, const struct person *person)
{
    uint32_t count = person->taken_count;
    if (customer->keys.count < count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct name *taken = person->taken[i];
        if (taken->is_old || taken->document.text || taken->target != person->name->text ||
            strcmp(customer->keys.items[customer->keys.count - count + i], taken->text) != 0)
            return false;
    }
    return true;
}

static bool has_record(const struct replay_memory *memory, const struct person *person)
{
    bool has = replay_said_record(memory->said, person->name->hash).text != NULL;
    for (uint32_t i = 0; i < person->taken_count && !has; i++)
        has = replay_said_record(memory->said, person->taken[i]->hash).text != NULL;
    return has;
}

/* Whether there is nothing to it but that it was seen. */
static bool is_nothing(const struct replay_memory *memory, const struct person *person,
                       const struct customer *customer, const struct shop_event *event,
                       int64_t seen_ms)
{
    return customer->open.count <= CUSTOMER_OPEN_ASKED && !customer->said.count &&
           !has_record(memory, person) && has_keys(customer, person) &&
           !customer_has_seen(customer, event->identity, seen_ms) &&
           (event->customer.kind != VALUE_MAP ||
            customer_profile_repeats(customer, &event->customer, event->time_ms));
}

static bool note(struct replay_memory *memory, struct replay_kept *kept,
                 const struct shop_event *event, struct arena *arena)
{
    struct customer *customer = memory->live.customer;
    if (memory->live.kept != kept)
        return customer_image_note(kept->image, event);
    customer_add_seen(arena, customer, event->identity, event->content, event->arrival_ms, false);
    if (event->customer.kind == VALUE_MAP)
        customer->layers.items[0].at_ms = event->time_ms;
    return true;
}

bool replay_memory_pass(struct replay_memory *memory, const struct person *person,
                        const struct shop_event *event, int64_t seen_ms, int64_t now_ms,
                        struct arena *arena)
{
    struct replay_kept *kept = kept_of(person->name);
    const struct customer *customer = peek(memory, kept);
    if (!customer || customer->bytes > SMALL_BYTES ||
        !is_nothing(memory, person, customer, event, seen_ms) || !note(memory, kept, event, arena))
        return false;
    if (kept->expire_ms < now_ms + memory->keep_ms)
        kept->expire_ms = now_ms + memory->keep_ms;
    return true;
}

/* ---- Facts ---- */

bool replay_memory_suppressed(const struct replay_memory *memory, const char *hash)
{
    return hash && map_get(memory->suppressed, hash, strlen(hash));
}

void replay_memory_suppress(struct replay_memory *memory, const char *hash)
{
    map_put(memory->suppressed, hash, strlen(hash), memory);
}

bool replay_memory_declined(const struct replay_memory *memory, const char *said, const char *topic)
{
    return said && replay_said_declines(memory->said, said, topic);
}

/* ---- Committing ---- */

/* Bytes of a document that are not among a customer's `bytes` when they have been decided, about:
 * keys, remembered ends, and counts, totals and ids of events. */
static size_t untold(const struct customer *was, const struct customer *is)
{
    enum { SCALARS = 160, END = 64 };
    size_t bytes = SCALARS;
    for (uint32_t i = was ? was->keys.count : 0; i < is->keys.count; i++)
        bytes += strlen(is->keys.items[i]);
    for (uint32_t i = was ? was->ends.count : 0; i < is->ends.count; i++)
        bytes += END + strlen(is->ends.items[i].rule) +
                 customer_size_of_value(&is->ends.items[i].event, SMALL_BYTES);
    return bytes;
}

/* False: there is to be an image. */
static bool keep_live(struct replay_memory *memory, const struct replay_commit *commit,
                      struct arena *arena, bool *named)
{
    struct replay_kept *kept = kept_of(commit->person->name);
    const struct customer *was = peek(memory, kept);
    commit->customer->bytes += untold(was, commit->customer);
    if (commit->joined_count || commit->customer->said.count ||
        commit->customer->bytes > SMALL_BYTES)
        return false;
    *named = !customer_settle(commit->customer, was, arena);
    if (memory->live.kept != kept)
        memory->live = (struct live){.kept = kept};
    memory->live.customer = commit->customer;
    return true;
}

/* Of a small document it is enough that it is not larger; a large one loses what it has no room
 * for. False where nothing of it can be kept. */
static bool keep_image(struct replay_memory *memory, const struct replay_commit *commit,
                       struct arena *arena, bool *named)
{
    struct replay_kept *kept = kept_of(commit->person->name);
    commit->customer->version = ONLY_VERSION;
    if (commit->live && keep_live(memory, commit, arena, named))
        return true;
    size_t bytes = customer_image_make(&memory->maker, kept->image, commit->customer, arena);
    if (bytes > SMALL_BYTES) {
        buf_clear(&memory->text);
        if (!fit_print(commit->customer, ONLY_VERSION, commit->decision, arena, commit->now_ms,
                       &memory->text))
            return false;
        customer_image_make(&memory->maker, kept->image, commit->customer, arena);
        bytes = memory->text.length;
    }
    *named = customer_image_put(&memory->maker, &kept->image, commit->customer, bytes) ==
             CUSTOMER_IMAGE_NAMED;
    memory->live = (struct live){0};
    return true;
}

/* Whether what says who they are has changed. */
static bool keep_document(struct replay_memory *memory, const struct replay_commit *commit,
                          struct arena *arena)
{
    struct replay_kept *kept = kept_of(commit->person->name);
    const struct decision *decision = commit->decision;
    bool named;
    if (!keep_image(memory, commit, arena, &named))
        return false;
    kept->name.document = slice_of(ONLY_VERSION);
    kept->expire_ms =
        memory->keep_ms +
        (decision->last_deadline_ms > commit->now_ms ? decision->last_deadline_ms : commit->now_ms);
    kept->deadline_ms = decision->deadline_ms;
    return named;
}

/* What was taken leads to the person from now on, with all that led to it. */
static void lead_keys(struct replay_memory *memory, const struct replay_commit *commit)
{
    const struct person *person = commit->person;
    for (size_t i = 0; i < commit->joined_count; i++) {
        const struct customer *joined = commit->joined[i];
        for (uint32_t k = 0; k < joined->keys.count; k++) {
            struct name *name = name_table_find(&memory->by_key, joined->keys.items[k]);
            if (name && name->target && strcmp(name->target, joined->key) == 0)
                name->target = person->name->text;
        }
    }
    for (uint32_t i = 0; i < person->taken_count; i++) {
        struct replay_kept *taken = kept_of(person->taken[i]);
        replay_starts_move(&memory->maker, taken, kept_of(person->name));
        forget_document(memory, taken);
        taken->name.target = person->name->text;
    }
}

static void erase(struct replay_memory *memory, const char *key, bool is_gone)
{
    struct name *name = name_table_find(&memory->by_key, key);
    if (!name)
        return;
    name->target = NULL;
    if (is_gone)
        forget_document(memory, kept_of(name));
}

/* What was known before the erasure; the document stays where something came after it. */
static void erase_all(struct replay_memory *memory, const struct replay_commit *commit)
{
    const struct decision *decision = commit->decision;
    if (!decision->erased_count)
        return;
    memory->live.person = NULL;
    for (uint32_t i = 0; i < decision->erased_count; i++)
        erase(memory, decision->erased[i], decision->bare);
    for (uint32_t i = 0; i < commit->person->taken_count; i++)
        erase(memory, commit->person->taken[i]->text, decision->bare);
}

bool replay_memory_commit(struct replay_memory *memory, const struct replay_commit *commit,
                          struct arena *arena)
{
    bool named = false;
    lead_keys(memory, commit);
    if (!commit->decision->bare) {
        named = keep_document(memory, commit, arena);
        replay_starts_keep(&memory->maker, kept_of(commit->person->name), commit, arena);
    }
    replay_said_learn(memory->said, commit->decision);
    erase_all(memory, commit);
    return named;
}
