/*
 * cel_reads tells each place that a program names (on_read); what lies there is kept of a document
 * (keep_path). Segments are programs that are called (on_call). Behind that: whether it reads
 * events at all, and which members of the customer.
 */
#include "rules/condition_reads.h"

#include <string.h>

#include "cel/cel_calls.h"
#include "cel/cel_reads.h"

struct reading {
    enum condition_root root; /* as what the document is read */
    const struct condition_segment *segments;
    const struct value *document;
    struct value kept; /* map */
    struct arena *arena;
    uint32_t nested;
    bool named; /* the root was */
};

/* Keeps of a map what lies at a path. What is no map on the way is kept as it is, so that asking
 * for more fails as it did. */
static void keep_path(struct arena *arena, struct value kept, const struct value *map,
                      const struct value *const *names, uint32_t count)
{
    const struct value *name = names[0];
    const struct value *member = value_find(map, name->string, name->length);
    struct value *known = (struct value *)value_find(&kept, name->string, name->length);
    bool whole = count == 1 || !value_is(member, VALUE_MAP);
    if (!member || (known && (known->kind != VALUE_MAP || known->map == member->map)))
        return; /* there is nothing, or all of it is kept already */
    struct value part = whole ? *member : known ? *known : value_new_map(arena, 2);
    if (known)
        *known = part;
    else
        value_add(arena, kept, *name, part);
    if (!whole)
        keep_path(arena, part, member, names + 1, count - 1);
}

/* `start` is the data of a document, and an event's own names are members of it. */
static void on_read(void *context, const struct cel_read *read)
{
    struct reading *reading = context;
    const struct value data = value_text("data"), *document = reading->document;
    const struct value *names[CEL_READ_MOST + 1] = {&data};
    reading->named |= read->root == (int)reading->root;
    bool own_name = read->root < 0 && reading->root == CONDITION_ROOT_EVENT;
    if (!own_name && read->root != (int)reading->root)
        return;
    if (read->root == (int)CONDITION_ROOT_CUSTOMER && read->count == 0)
        return; /* a function of the customer: it names no field */
    uint32_t before = read->root == (int)CONDITION_ROOT_EVENT ? 0 : 1;
    memcpy(names + before, read->names, sizeof *names * read->count);
    if (before + read->count > 0) {
        keep_path(reading->arena, reading->kept, document, names, before + read->count);
        return;
    }
    for (uint32_t i = 0; i < value_count(document); i++) {
        names[0] = &document->map->members[i].key;
        keep_path(reading->arena, reading->kept, document, names, 1);
    }
}

static void read_program(struct reading *reading, const struct cel_program *program);

/* A segment whose name is not known before is any of them. */
static void on_call(void *context, const struct cel_call *call)
{
    struct reading *reading = context;
    if (call->method != CONDITION_SEGMENT || reading->nested == CONDITION_NESTED_MOST)
        return;
    reading->nested++;
    for (const struct condition_segment *at = reading->segments; at && at->name; at++)
        if (!call->argument || value_is_text(call->argument, at->name))
            read_program(reading, at->program);
    reading->nested--;
}

static void read_program(struct reading *reading, const struct cel_program *program)
{
    if (!program)
        return;
    cel_reads(program, on_read, reading);
    cel_calls(program, on_call, reading);
}

static struct value read_as(enum condition_root root, const struct cel_program *program,
                            const struct condition_segment *segments, const struct value *document,
                            struct arena *arena)
{
    struct reading reading = {.root = root,
                              .segments = segments,
                              .document = document,
                              .kept = value_new_map(arena, 2),
                              .arena = arena};
    value_add(arena, reading.kept, value_text("data"), value_new_map(arena, 2));
    read_program(&reading, program);
    return reading.kept;
}

struct value condition_reads_event(const struct cel_program *program,
                                   const struct condition_segment *segments,
                                   const struct value *document, struct arena *arena)
{
    return read_as(CONDITION_ROOT_EVENT, program, segments, document, arena);
}

struct value condition_reads_start(const struct cel_program *program,
                                   const struct condition_segment *segments,
                                   const struct value *document, struct arena *arena)
{
    return read_as(CONDITION_ROOT_START, program, segments, document, arena);
}

bool condition_reads_root(const struct cel_program *program, enum condition_root root,
                          const struct condition_segment *segments, struct arena *arena)
{
    const struct value nothing = value_new_map(arena, 0);
    struct reading reading = {.root = root,
                              .segments = segments,
                              .document = &nothing,
                              .kept = value_new_map(arena, 0),
                              .arena = arena};
    read_program(&reading, program);
    return reading.named;
}

bool condition_reads_collected(const struct cel_program *program,
                               const struct condition_segment *segments, struct arena *arena)
{
    return condition_reads_root(program, CONDITION_ROOT_COLLECTED, segments, arena);
}

/* ---- Events at all ---- */

struct events_read {
    bool present, past;
};

static void note_event(void *context, const struct cel_read *read)
{
    struct events_read *events = context;
    events->present |= read->root < 0 || read->root == (int)CONDITION_ROOT_EVENT;
    events->past |=
        read->root == (int)CONDITION_ROOT_START || read->root == (int)CONDITION_ROOT_COLLECTED;
}

static void note_segment(void *context, const struct cel_call *call)
{
    struct events_read *events = context;
    if (call->method == CONDITION_SEGMENT)
        events->present = events->past = true;
}

static struct events_read events_of(const struct cel_program *program)
{
    struct events_read events = {0};
    if (program) {
        cel_reads(program, note_event, &events);
        cel_calls(program, note_segment, &events);
    }
    return events;
}

bool condition_reads_events(const struct cel_program *program)
{
    const struct events_read events = events_of(program);
    return events.present || events.past;
}

bool condition_reads_past(const struct cel_program *program)
{
    return events_of(program).past;
}

struct value condition_reads_customer(const struct cel_program *program,
                                      const struct condition_segment *segments,
                                      const struct value *customer, struct arena *arena)
{
    struct value document = value_new_map(arena, 1);
    value_add(arena, document, value_text("data"), *customer);
    const struct value kept = read_as(CONDITION_ROOT_CUSTOMER, program, segments, &document, arena);
    return *value_get(&kept, "data");
}

/* ---- Members of the customer ---- */

struct members_read {
    void (*see)(void *context, const char *member, size_t length);
    void *context;
};

static void note_member(void *context, const struct cel_read *read)
{
    const struct members_read *members = context;
    if (read->root == (int)CONDITION_ROOT_CUSTOMER && read->count)
        members->see(members->context, read->names[0]->string, read->names[0]->length);
}

void condition_reads_members(const struct cel_program *program,
                             void (*see)(void *context, const char *member, size_t length),
                             void *context)
{
    struct members_read members = {see, context};
    cel_reads(program, note_member, &members);
}
