#include "events/needs.h"

#include "base/json.h"
#include "base/metrics.h"

struct reading {
    struct needs_reader by;
    struct work *work;
    const struct diag *fault; /* of the tables, while starts are asked for; NULL: none */
    uint32_t keys;            /* so many of the customer's keys were asked for starts */
};

static void end(const struct reading *reading, const struct diag *fault)
{
    reading->by.callback(reading->work, fault);
}

/* ---- Entries of tables ---- */

static void learn_entries(struct arena *arena, struct work *work, const struct slice *values,
                          const char *const *wrong)
{
    for (uint32_t i = 0; i < work->decision.lookup_count; i++) {
        struct lookups_answer answer = lookups_read(arena, &work->decision.lookups[i], values[i]);
        if (wrong[i]) {
            answer.state = LOOKUPS_BROKEN;
            answer.fault = arena_text(arena, wrong[i]);
        }
        work->lookups = arena_grow(arena, work->lookups, work->lookup_count, &work->lookup_capacity,
                                   sizeof *work->lookups);
        work->lookups[work->lookup_count++] = answer;
    }
    work->lookup_rounds++;
}

/* Their answer comes before that of the starts. */
static void on_entries(void *context, const struct diag *fault, const struct slice *values,
                       const char *const *wrong)
{
    struct reading *reading = context;
    struct work *work = reading->work;
    if (!fault)
        learn_entries(reading->by.arena, work, values, wrong);
    if (!work->decision.need_count) {
        end(reading, fault);
    } else if (fault) {
        struct diag *kept = arena_alloc(reading->by.arena, sizeof *kept);
        *kept = *fault;
        reading->fault = kept;
    }
}

static void read_entries(struct reading *reading)
{
    const struct decision *decision = &reading->work->decision;
    struct tables_entry *entries =
        arena_alloc(reading->by.arena, sizeof *entries * decision->lookup_count);
    for (uint32_t i = 0; i < decision->lookup_count; i++)
        entries[i] = (struct tables_entry){.table = decision->lookups[i].table,
                                           .key = decision->lookups[i].key};
    metrics_add(METRIC_LOOKUPS, decision->lookup_count);
    tables_read(reading->by.tables, entries, decision->lookup_count, on_entries, reading);
}

/* ---- Starts ---- */

/* What is no event with data has been changed by hand: it counts as gone. */
static struct value read_start(struct arena *arena, const struct slice *text)
{
    struct value event;
    struct diag diag;
    const struct slice kept = slice_copy(arena, *text);
    if (!kept.text || !json_read(arena, kept.text, kept.length, &json_file_limits, &event, &diag) ||
        !value_is(value_get(&event, "data"), VALUE_MAP))
        return value_null();
    return event;
}

/* As they stand under one of the customer's keys; what is not under the last is nowhere. */
static void learn_starts(struct arena *arena, struct work *work, const struct slice *events,
                         size_t count, bool last)
{
    for (size_t i = 0; i < count; i++) {
        const struct decide_start start = {.origin = work->decision.needs[i],
                                           .event = read_start(arena, &events[i])};
        if (start.event.kind == VALUE_NULL && !last)
            continue;
        work->starts = arena_grow(arena, work->starts, work->start_count, &work->start_capacity,
                                  sizeof *work->starts);
        work->starts[work->start_count++] = start;
    }
}

static customers_on_starts on_starts;

/* Under the customer's key, then under those of who is joined. */
static void read_starts(struct reading *reading)
{
    const struct work *work = reading->work;
    uint32_t asked = reading->keys++;
    customers_read_starts(reading->by.customers, asked ? work->joined[asked - 1]->key : work->key,
                          work->decision.needs, work->decision.need_count, on_starts, reading);
}

static void on_starts(void *context, const struct diag *fault, const struct slice *events,
                      size_t count)
{
    struct reading *reading = context;
    struct work *work = reading->work;
    bool last = reading->keys > work->joined_count;
    if (fault || reading->fault) {
        end(reading, fault ? fault : reading->fault);
        return;
    }
    learn_starts(reading->by.arena, work, events, count, last);
    if (last)
        end(reading, NULL);
    else
        read_starts(reading);
}

/* ---- Both ---- */

void needs_read(const struct needs_reader *reader, struct work *work)
{
    struct reading *reading = arena_zero(reader->arena, sizeof *reading);
    reading->by = *reader;
    reading->work = work;
    if (work->decision.lookup_count)
        read_entries(reading);
    if (work->decision.need_count)
        read_starts(reading);
}
