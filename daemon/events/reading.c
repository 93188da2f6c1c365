/*
 * read_batch reads the first of the batches that came; of what nothing reads (is_unread) it asks
 * whether it may pass (ask), and what the answer leaves, on the way with all else, goes on to the
 * pipeline (hand_over), and the next batch is read. Before that, what belongs to another shard is
 * put aside (put_aside).
 */
#include "events/reading.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/json.h"
#include "base/json_shape.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "decide/concerns.h"
#include "decide/policy.h"
#include "events/entry.h"
#include "events/work_figures.h"
#include "events/work_log.h"
#include "store/aside.h"
#include "store/unread.h"

enum { PATCH_MOST = 8192, DAY_MS = 24 * 60 * 60 * 1000 };

struct reading {
    struct reading_options options;
    struct connection_owner owner;
    struct json_shapes *shapes;                         /* of events */
    const struct intake_batch *waiting[INTAKE_AT_ONCE]; /* the first of them is being read */
    size_t waiting_count;
    bool held; /* it is to be asked about, when the pipeline has no events any more */

    /* Of the one that is being read. */
    struct workspace *space; /* NULL: none is */
    struct arena *arena;     /* its */
    struct intake_entry *entries;
    size_t count;
    struct unread_event *asked; /* those that nothing reads … */
    size_t *places;             /* … and where in the batch they are */
    size_t asked_count;
    int64_t sequence;    /* of questions */
    const char **strays; /* ids of those of other shards */
    size_t stray_count;
};

static void read_batch(struct reading *reading);

/* ---- What nothing reads ---- */

/* Printed as it is, wherever it stands in a document. */
static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return text[strspn(text, plain)] == '\0';
}

/* Whether the id, as the one key, is all that the event says of its customer. */
static bool says_id_alone(const struct shop_event *event, const struct shop_event_form *form)
{
    static const char customer[] = "customer.";
    const char *path = form->key_paths[0];
    if (event->key_count != 1)
        return false;
    if (value_count(&event->customer) == 0)
        return true;
    return value_count(&event->customer) == 1 &&
           strncmp(path, customer, sizeof customer - 1) == 0 &&
           value_is_text(&event->customer.map->members[0].key, path + sizeof customer - 1);
}

static bool has_id(const struct shop_event *event)
{
    for (uint32_t i = 0; i < event->key_count; i++)
        if (event->keys[i].old || event->keys[i].is_id != (i == 0))
            return false;
    return true;
}

/* What else it says of them, and by which keys; false where that is much. */
static bool add_said(struct arena *arena, const struct policy *policy,
                     const struct shop_event *event, struct unread_event *unread)
{
    struct unread_key *keys = arena_alloc(arena, event->key_count * sizeof *keys);
    unread->said = json_print_slice(arena, &event->customer, PATCH_MOST);
    unread->keys = keys;
    for (uint32_t i = 1; i < event->key_count; i++)
        keys[unread->key_count++] = (struct unread_key){
            policy_short_hash(policy, event->keys[i].text, arena), event->keys[i].text};
    return json_size(&event->customer) < PATCH_MOST; /* none of it is cut off */
}

/* Whether nothing reads the event: `unread` is what may be passed over. */
static bool is_unread(const struct generation *generation, const struct shop_event *event,
                      const struct shop_event_form *form, struct arena *arena,
                      struct unread_event *unread)
{
    if (event->internal || !has_id(event) || !is_plain(event->type) ||
        concerns_any(generation->rules, event->type))
        return false;
    *unread = (struct unread_event){.entry = event->entry,
                                    .customer = event->key,
                                    .type = event->type,
                                    .time_ms = event->time_ms,
                                    .said = slice_of("")};
    return says_id_alone(event, form) || (event->customer.kind == VALUE_MAP &&
                                          add_said(arena, &generation->policy, event, unread));
}

/* ---- A batch ---- */

/* It goes on to the pipeline, which decides what is left. */
static void hand_over(struct reading *reading)
{
    const struct reading_options *options = &reading->options;
    const struct intake_batch left = {.entries = reading->entries,
                                      .count = reading->count,
                                      .full = reading->waiting[0]->full,
                                      .place = reading->waiting[0]->place};
    reading->waiting_count--;
    for (size_t i = 0; i < reading->waiting_count; i++)
        reading->waiting[i] = reading->waiting[i + 1];
    struct workspace *space = reading->space;
    reading->space = NULL;
    if (left.count) {
        pipeline_take(options->pipeline, &left, space);
    } else {
        workspaces_leave(options->workspaces, &space, left.full);
        intake_done(options->shard->intake, left.place);
    }
    if (reading->waiting_count)
        read_batch(reading);
}

static void note_passed(const struct reading *reading, const struct shop_event *event)
{
    char id[LOG_NAME_SIZE];
    const struct generation *generation = reading->options.generation(reading->options.context);
    work_log_taken(event);
    work_figures_read(generation->rules, event->type);
    if (log_wants(LOG_LEVEL_DEBUG))
        log_with(LOG_LEVEL_DEBUG,
                 LOG_FIELDS(LOG_TEXT("event", work_log_event(event, id)),
                            LOG_TEXT("entry", event->entry)),
                 "an event was passed over, as nothing reads its type");
}

/* Those that have left the stream leave the batch. */
static void take_out(struct reading *reading, const bool *passed)
{
    size_t left = 0, next = 0, gone = 0;
    for (size_t i = 0; i < reading->count; i++) {
        bool asked = next < reading->asked_count && reading->places[next] == i;
        if (asked && passed[next++]) {
            note_passed(reading, reading->entries[i].read);
            gone++;
        } else {
            reading->entries[left++] = reading->entries[i];
        }
    }
    reading->count = left;
    metrics_add(METRIC_EVENTS_DECIDED, (int64_t)gone);
    metrics_add(METRIC_EVENTS_UNREAD, (int64_t)gone);
}

/* Where Redis has failed, the pipeline knows what to do. */
static void on_passed(void *context, const struct diag *fault, const bool *passed)
{
    struct reading *reading = context;
    failpoint("unread-answered");
    if (!fault)
        take_out(reading, passed);
    hand_over(reading);
}

/* A document that has lived a day of its time is decided for, which keeps it and all that goes with
 * it for longer. */
static void ask(struct reading *reading)
{
    const struct shard *shard = reading->options.shard;
    int64_t keep_ms = reading->options.customer_keep_ms;
    const struct unread_request request = {
        .events = reading->asked,
        .count = reading->asked_count,
        .least_ms = keep_ms - (keep_ms < 2 * DAY_MS ? keep_ms / 2 : DAY_MS),
        .callback = on_passed,
        .context = reading};
    if (reading->options.archive)
        archive_write(reading->options.archive, clock_wall_ms());
    failpoint("unread");
    unread_pass(shard->scripts, shard->instance, &reading->owner, &request);
}

/* ---- What belongs to another shard ---- */

static bool is_stray(const struct reading *reading, const struct shop_event *event)
{
    const struct reading_options *options = &reading->options;
    return options->mover && placement_of(options->placement, event->key) != options->place;
}

/* What nothing reads is asked about; all else goes on. */
static void go_on(struct reading *reading)
{
    const struct reading_options *options = &reading->options;
    reading->held = reading->asked_count && pipeline_has_events(options->pipeline);
    if (reading->held)
        return;
    if (reading->asked_count &&
        instance_lease_held(options->shard->instance, reading->waiting[0]->term))
        ask(reading); /* nobody else has them */
    else
        hand_over(reading);
}

void reading_look(struct reading *reading)
{
    if (reading->held)
        go_on(reading);
}

/* Where Redis has failed they stay pending, and come again. */
static void on_aside(void *context, const struct diag *fault)
{
    struct reading *reading = context;
    (void)fault;
    failpoint("strays-put");
    mover_wake(reading->options.mover);
    go_on(reading);
}

static void put_aside(struct reading *reading)
{
    const struct shard *shard = reading->options.shard;
    failpoint("strays");
    aside_put(shard->scripts, shard->instance, &reading->owner, reading->strays,
              reading->stray_count, on_aside, reading);
}

/* ---- A batch is read ---- */

/* False where it is of another shard, and leaves the batch. */
static bool read_entry(struct reading *reading, const struct generation *generation,
                       const struct shop_event_form *form, size_t at)
{
    struct intake_entry *entry = &reading->entries[at];
    struct shop_event *event = arena_zero(reading->arena, sizeof *event);
    struct diag diag;
    if (!entry_read(reading->arena, entry, form, event, &diag))
        return true; /* the pipeline says why */
    if (is_stray(reading, event)) {
        reading->strays[reading->stray_count++] = entry->id;
        return false;
    }
    entry->read = event;
    if (!is_unread(generation, event, form, reading->arena, &reading->asked[reading->asked_count]))
        return true;
    reading->places[reading->asked_count++] = at;
    if (reading->options.archive && !entry->whose)
        archive_add(reading->options.archive, entry->id, entry->event, entry->length,
                    clock_wall_ms());
    entry->archived = true;
    return true;
}

static void read_batch(struct reading *reading)
{
    const struct intake_batch *batch = reading->waiting[0];
    const struct generation *generation = reading->options.generation(reading->options.context);
    struct shop_event_form form = config_event_form(generation->config);
    form.shapes = reading->shapes;
    reading->space = workspaces_take(reading->options.workspaces);
    reading->arena = reading->space->read;
    reading->entries = arena_alloc(reading->arena, batch->count * sizeof *reading->entries);
    reading->asked = arena_alloc(reading->arena, batch->count * sizeof *reading->asked);
    reading->places = arena_alloc(reading->arena, batch->count * sizeof *reading->places);
    reading->strays = arena_alloc(reading->arena, batch->count * sizeof *reading->strays);
    reading->count = reading->asked_count = reading->stray_count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        reading->entries[reading->count] = batch->entries[i];
        reading->count += read_entry(reading, generation, &form, reading->count);
    }
    if (reading->stray_count)
        put_aside(reading);
    else
        go_on(reading);
}

void reading_take(struct reading *reading, const struct intake_batch *batch)
{
    reading->waiting[reading->waiting_count++] = batch;
    if (reading->waiting_count == 1)
        read_batch(reading);
}

bool reading_busy(const struct reading *reading)
{
    return reading->waiting_count > 0 && !reading->held;
}

/* ---- The object ---- */

struct reading *reading_new(const struct reading_options *options)
{
    struct reading *reading = mem_zero(1, sizeof *reading);
    reading->options = *options;
    reading->shapes = json_shapes_new(&json_event_limits);
    return reading;
}

void reading_destroy(struct reading **reading)
{
    if (!*reading)
        return;
    connection_silence(&(*reading)->owner);
    workspaces_leave((*reading)->options.workspaces, &(*reading)->space, false);
    json_shapes_destroy(&(*reading)->shapes);
    free(*reading);
    *reading = NULL;
}
