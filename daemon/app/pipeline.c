/*
 * An event's life, from top to bottom:
 *
 *   pipeline_take   a batch of stream entries: read into events, those of one customer
 *                   gathered into one `work` (what is no event becomes a dead letter)
 *   read_documents  the customers' documents and Redis' time, one round trip
 *   decide_work     decide(), a pure function, for each customer
 *   send_commit     everything decided for a customer, all or nothing, pipelined
 *   on_commit       done; or decided again: another writer was here (STALE), an assumption
 *                   was wrong (FACTS), an entry is no longer ours (GONE); or Redis failed,
 *                   and the work waits to be read anew
 *   finish          all works are done: the batch is given back to the intake
 *
 * A timer's life is the same from read_documents on; its works have no events.
 */
#include "app/pipeline.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/commit_builder.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "core/decide.h"

enum {
    TIMERS_AT_ONCE = 200,
    RETRY_MS = 250,   /* after Redis failed a commit or a read */
    ROUNDS_MOST = 50, /* decided again so often without success: waits as if Redis had failed */
    ARENA_BYTES = 1 << 20,
};

enum work_state {
    WORK_UNREAD,    /* its document is to be read */
    WORK_COMMITTED, /* a commit is under way */
    WORK_DONE,      /* committed, or nothing of it is ours any more */
};

struct work {
    struct batch *batch;
    enum work_state state;
    const char *key; /* NULL: entries that are no events, only dead letters */
    const struct shop_event **events;
    uint32_t event_count, event_capacity;
    int64_t due_ms;
    const struct commit_dead *dead; /* of entries that are no events */
    uint32_t dead_count, dead_capacity;
    const char **ids; /* of those */
    uint32_t id_count, id_capacity;
    struct customers_text document;   /* as last seen; text NULL: none */
    const char **suppressed, **taken; /* facts learnt; NULL-terminated */
    uint32_t suppressed_count, suppressed_capacity, taken_count, taken_capacity;
    uint32_t rounds;
    struct decision decision; /* the one that is being committed */
};

struct batch {
    struct pipeline *pipeline;
    struct intake *intake; /* NULL: timers */
    bool active;
    struct arena *arena;
    struct map *by_key;
    struct work **works;
    uint32_t work_count, work_capacity;
    uint32_t outstanding;  /* works that are not done, while no read is under way */
    struct work **reading; /* whose documents are being read */
    uint32_t reading_count;
    struct generation *generation;
    int64_t now_ms;
    struct event *retry;
};

struct pipeline {
    struct pipeline_options options;
    struct batch events, due;
    struct event *timer;
    bool timers_on, timers_asked;
    int64_t sequence; /* of document versions */
};

static void read_documents(struct batch *batch);
static void decide_work(struct work *work);

/* Batches --------------------------------------------------------------- */

static struct work *add_work(struct batch *batch, const char *key)
{
    struct work *work = arena_zero(batch->arena, sizeof *work);
    work->batch = batch;
    work->key = key;
    batch->works = arena_grow(batch->arena, batch->works, batch->work_count, &batch->work_capacity,
                              sizeof(struct work *));
    batch->works[batch->work_count++] = work;
    return work;
}

static void begin(struct batch *batch)
{
    const struct pipeline_options *options = &batch->pipeline->options;
    batch->active = true;
    batch->generation = generation_hold(options->generation(options->context));
}

/* All works are done. */
static void finish(struct batch *batch)
{
    struct intake *intake = batch->intake;
    event_del(batch->retry);
    generation_release(&batch->generation);
    map_clear(batch->by_key);
    arena_reset(batch->arena);
    batch->works = batch->reading = NULL;
    batch->work_count = batch->work_capacity = batch->reading_count = 0;
    batch->active = false;
    batch->intake = NULL;
    if (intake)
        intake_done(intake, true);
    else if (batch->pipeline->timers_on)
        event_active(batch->pipeline->timer, EV_TIMEOUT, 0);
}

static void retry_soon(struct batch *batch)
{
    const struct timeval soon = {.tv_usec = RETRY_MS * 1000};
    event_add(batch->retry, &soon);
}

/* A work ended its round: done, or waiting to be read anew. */
static void round_over(struct work *work, enum work_state state)
{
    struct batch *batch = work->batch;
    work->state = state;
    if (--batch->outstanding > 0)
        return;
    for (uint32_t i = 0; i < batch->work_count; i++)
        if (batch->works[i]->state != WORK_DONE) {
            retry_soon(batch);
            return;
        }
    finish(batch);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    read_documents(context);
}

/* Events ---------------------------------------------------------------- */

static struct work *work_of(struct batch *batch, const char *key)
{
    size_t length = strlen(key);
    struct work *work = map_get(batch->by_key, key, length);
    if (!work) {
        work = add_work(batch, key);
        map_put(batch->by_key, key, length, work);
    }
    return work;
}

/* An entry that is no event: a dead letter, in a work without a customer. */
static void add_dead(struct batch *batch, const struct intake_entry *entry, const struct diag *diag)
{
    struct work *work = work_of(batch, "");
    struct commit_dead *dead = arena_grow(batch->arena, (void *)work->dead, work->dead_count,
                                          &work->dead_capacity, sizeof *dead);
    struct buf detail;
    work->key = NULL;
    buf_init(&detail, 2048);
    diag_line(diag, &detail);
    dead[work->dead_count++] =
        (struct commit_dead){.kind = "event",
                             .reason = arena_text(batch->arena, diag->code),
                             .detail = arena_text(batch->arena, buf_string(&detail)),
                             .body = entry->event ? entry->event : "",
                             .length = entry->event ? entry->length : 0};
    work->dead = dead;
    work->ids =
        arena_grow(batch->arena, work->ids, work->id_count, &work->id_capacity, sizeof *work->ids);
    work->ids[work->id_count++] = entry->id;
    metrics_add(METRIC_EVENTS_DEAD, 1);
    log_warning("an event became a dead letter reason=%s entry=%s: %s", diag->code, entry->id,
                diag->text);
    buf_free(&detail);
}

/* Reads an entry into an event; false with code and text of what is wrong. */
static bool read_entry(struct batch *batch, const struct intake_entry *entry,
                       struct shop_event *event, struct diag *diag)
{
    struct diag why = {0};
    if (entry->poison)
        diag_error(&why, "%" PRId64 " daemons ended over this event", entry->deliveries - 1);
    else if (!entry->event)
        diag_error(&why, "the entry has no field `event`");
    else if (entry->size > entry->length)
        diag_error(&why, "the event has %zu bytes", entry->size);
    else
        return shop_event_read(batch->arena, entry->event, entry->length, entry->id,
                               &batch->pipeline->options.form, event, diag);
    *diag = why;
    diag_code(diag, entry->poison ? "poison" : entry->event ? "json-size" : "no-event");
    return false;
}

static void add_entry(struct batch *batch, const struct intake_entry *entry)
{
    struct diag diag = {0};
    struct shop_event *event = arena_alloc(batch->arena, sizeof *event);
    if (!read_entry(batch, entry, event, &diag)) {
        add_dead(batch, entry, &diag);
        return;
    }
    struct work *work = work_of(batch, event->key);
    work->events = arena_grow(batch->arena, work->events, work->event_count, &work->event_capacity,
                              sizeof *work->events);
    work->events[work->event_count++] = event;
}

void pipeline_take(struct pipeline *pipeline, struct intake *intake,
                   const struct intake_batch *batch)
{
    struct batch *events = &pipeline->events;
    failpoint("batch-read");
    begin(events);
    events->intake = intake;
    metrics_add(METRIC_EVENTS_READ, (int64_t)batch->count);
    for (size_t i = 0; i < batch->count; i++)
        add_entry(events, &batch->entries[i]);
    read_documents(events);
}

/* Timers ---------------------------------------------------------------- */

static void ask_again(struct pipeline *pipeline, int64_t ms)
{
    const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (pipeline->timers_on)
        event_add(pipeline->timer, &wait);
}

static void on_taken(void *context, const struct timers_taken *taken)
{
    struct pipeline *pipeline = context;
    struct batch *due = &pipeline->due;
    pipeline->timers_asked = false;
    if (taken->fault || taken->count == 0) {
        ask_again(pipeline, taken->fault ? RETRY_MS : taken->next_ms);
        return;
    }
    begin(due);
    metrics_add(METRIC_TIMERS_FIRED, (int64_t)taken->count);
    for (size_t i = 0; i < taken->count; i++)
        add_work(due, arena_text(due->arena, taken->customers[i].key))->due_ms =
            taken->customers[i].deadline_ms;
    read_documents(due);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct pipeline *pipeline = context;
    if (!pipeline->timers_on || pipeline->timers_asked || pipeline->due.active)
        return;
    pipeline->timers_asked = true;
    timers_take(pipeline->options.timers, TIMERS_AT_ONCE, on_taken, pipeline);
}

void pipeline_start_timers(struct pipeline *pipeline)
{
    pipeline->timers_on = true;
    if (!pipeline->timers_asked && !pipeline->due.active)
        event_active(pipeline->timer, EV_TIMEOUT, 0);
}

void pipeline_stop_timers(struct pipeline *pipeline)
{
    pipeline->timers_on = false;
    event_del(pipeline->timer);
}

/* Reading --------------------------------------------------------------- */

static void on_documents(void *context, const struct diag *fault,
                         const struct customers_text *documents, size_t count, int64_t now_ms)
{
    struct batch *batch = context;
    if (fault) {
        retry_soon(batch);
        return;
    }
    batch->now_ms = now_ms;
    batch->outstanding = batch->reading_count;
    for (size_t i = 0, document = 0; i < batch->reading_count; i++) {
        struct work *work = batch->reading[i];
        work->state = WORK_COMMITTED;
        if (!work->key || document == count)
            continue;
        const struct customers_text *text = &documents[document++];
        work->document = (struct customers_text){
            .text = text->text ? arena_copy(batch->arena, text->text, text->length) : NULL,
            .length = text->length};
    }
    uint32_t reading_count = batch->reading_count;
    struct work **reading = batch->reading;
    for (uint32_t i = 0; i < reading_count; i++)
        decide_work(reading[i]);
}

/* Reads the documents of all works that are not done. */
static void read_documents(struct batch *batch)
{
    const char **keys = arena_alloc(batch->arena, sizeof *keys * batch->work_count);
    size_t count = 0;
    batch->reading = arena_alloc(batch->arena, sizeof(struct work *) * batch->work_count);
    batch->reading_count = 0;
    for (uint32_t i = 0; i < batch->work_count; i++) {
        struct work *work = batch->works[i];
        if (work->state == WORK_DONE)
            continue;
        work->rounds = 0;
        batch->reading[batch->reading_count++] = work;
        if (work->key)
            keys[count++] = work->key;
    }
    customers_read(batch->pipeline->options.customers, keys, count, on_documents, batch);
}

/* Deciding and committing ----------------------------------------------- */

static void count_done(const struct work *work)
{
    const struct decision *decision = &work->decision;
    metrics_add(METRIC_COMMITS, 1);
    metrics_add(METRIC_EVENTS_DECIDED, decision->counts.decided);
    metrics_add(METRIC_EVENTS_DUPLICATE, decision->counts.duplicate);
    metrics_add(METRIC_CONDITIONS_FAILED, decision->counts.failed);
    metrics_add(METRIC_MESSAGES_REFUSED, decision->counts.refused);
    metrics_add(METRIC_MESSAGES_DECIDED, decision->message_count);
    metrics_add(METRIC_MESSAGES_CANCELLED, decision->withdrawn_count);
    const struct pipeline_options *options = &work->batch->pipeline->options;
    if (decision->message_count)
        options->on_messages(options->context);
}

static void learn(struct work *work, const char ***list, uint32_t *count, uint32_t *capacity,
                  const char *const *facts, size_t fact_count)
{
    struct arena *arena = work->batch->arena;
    for (size_t i = 0; i < fact_count; i++) {
        *list = arena_grow(arena, *list, *count, capacity, sizeof **list);
        (*list)[(*count)++] = arena_text(arena, facts[i]);
    }
    *list = arena_grow(arena, *list, *count, capacity, sizeof **list);
    (*list)[*count] = NULL;
}

static bool is_listed(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

/* Entries that somebody else has, or has finished: this work goes on without them. */
static void forget(struct work *work, const char *const *gone, size_t count)
{
    uint32_t events = 0, ids = 0;
    for (uint32_t i = 0; i < work->event_count; i++)
        if (!is_listed(gone, count, work->events[i]->entry))
            work->events[events++] = work->events[i];
    for (uint32_t i = 0; i < work->id_count; i++)
        if (!is_listed(gone, count, work->ids[i])) {
            ((struct commit_dead *)work->dead)[ids] = work->dead[i];
            work->ids[ids++] = work->ids[i];
        }
    work->event_count = events;
    work->id_count = work->dead_count = ids;
}

static void on_commit(void *context, const struct commit_result *result)
{
    struct work *work = context;
    failpoint("commit-answered");
    switch (result->outcome) {
    case COMMIT_DONE:
        count_done(work);
        round_over(work, WORK_DONE);
        return;
    case COMMIT_FAILED:
        log_debug("a commit failed: %s", result->fault->text);
        round_over(work, WORK_UNREAD);
        return;
    case COMMIT_STALE:
        work->document = (struct customers_text){
            .text = result->document.text ? arena_copy(work->batch->arena, result->document.text,
                                                       result->document.length)
                                          : NULL,
            .length = result->document.length};
        break;
    case COMMIT_FACTS:
        learn(work, &work->suppressed, &work->suppressed_count, &work->suppressed_capacity,
              result->suppressed, result->suppressed_count);
        learn(work, &work->taken, &work->taken_count, &work->taken_capacity, result->taken,
              result->taken_count);
        break;
    case COMMIT_GONE:
        forget(work, result->gone, result->gone_count);
        break;
    }
    metrics_add(METRIC_COMMITS_AGAIN, 1);
    if (work->rounds++ < ROUNDS_MOST)
        decide_work(work);
    else
        round_over(work, WORK_UNREAD);
}

static void send_commit(struct work *work, const struct commit *commit)
{
    failpoint("commit");
    customers_commit(work->batch->pipeline->options.customers, commit, on_commit, work);
}

/* What cannot be decided: its events become dead letters, its document stays. A timer
 * comes again when its lease is over. */
static void give_up(struct work *work, const struct diag *diag)
{
    struct commit commit;
    log_error("a customer cannot be decided events=%u reason=%s: %s", work->event_count, diag->code,
              diag->text);
    memset(&work->decision, 0, sizeof work->decision);
    if (work->event_count == 0) {
        round_over(work, WORK_DONE);
        return;
    }
    metrics_add(METRIC_EVENTS_DEAD, work->event_count);
    commit_builder_give_up(work->batch->arena, work->events, work->event_count, diag, &commit);
    send_commit(work, &commit);
}

static void decide_customer(struct work *work)
{
    struct batch *batch = work->batch;
    const struct pipeline_options *options = &batch->pipeline->options;
    struct diag diag = {0};
    struct customer *customer = work->document.text
                                    ? customer_read(batch->arena, work->key, work->document.text,
                                                    work->document.length, &diag)
                                    : customer_new(batch->arena, work->key);
    if (!customer) {
        give_up(work, &diag);
        return;
    }
    const struct policy_facts facts = {.suppressed = work->suppressed, .taken = work->taken};
    const struct decide_input input = {.rules = batch->generation->rules,
                                       .policy = options->policy,
                                       .customer = customer,
                                       .events = work->events,
                                       .event_count = work->event_count,
                                       .facts = &facts,
                                       .due_ms = work->due_ms,
                                       .now_ms = batch->now_ms};
    decide(&input, batch->arena, &work->decision);
    const struct commit_builder builder = {
        .customer = customer,
        .decision = &work->decision,
        .events = work->events,
        .event_count = work->event_count,
        .now_ms = batch->now_ms,
        .keep_ms = options->customer_keep_ms,
        .epoch = instance_epoch(options->instance),
        .sequence = ++batch->pipeline->sequence,
    };
    struct commit commit;
    if (commit_builder_make(&builder, batch->arena, &commit, &diag))
        send_commit(work, &commit);
    else
        give_up(work, &diag);
}

static void decide_work(struct work *work)
{
    if (work->event_count == 0 && work->id_count == 0 && !work->due_ms) {
        round_over(work, WORK_DONE); /* all of it was somebody else's */
        return;
    }
    if (work->key) {
        decide_customer(work);
        return;
    }
    const struct commit commit = {.ids = work->ids,
                                  .id_count = work->id_count,
                                  .dead = work->dead,
                                  .dead_count = work->dead_count};
    memset(&work->decision, 0, sizeof work->decision);
    send_commit(work, &commit);
}

/* The object ------------------------------------------------------------ */

static void open_batch(struct pipeline *pipeline, struct batch *batch)
{
    batch->pipeline = pipeline;
    batch->arena = arena_new(ARENA_BYTES);
    batch->by_key = map_new();
    batch->retry = evtimer_new(pipeline->options.base, on_retry, batch);
    if (!batch->retry)
        mem_exhausted();
}

static void close_batch(struct batch *batch)
{
    event_free(batch->retry);
    generation_release(&batch->generation);
    map_destroy(&batch->by_key);
    arena_destroy(&batch->arena);
}

struct pipeline *pipeline_new(const struct pipeline_options *options)
{
    struct pipeline *pipeline = mem_zero(1, sizeof *pipeline);
    pipeline->options = *options;
    pipeline->timer = evtimer_new(options->base, on_timer, pipeline);
    if (!pipeline->timer)
        mem_exhausted();
    open_batch(pipeline, &pipeline->events);
    open_batch(pipeline, &pipeline->due);
    return pipeline;
}

void pipeline_destroy(struct pipeline **pipeline)
{
    if (!*pipeline)
        return;
    event_free((*pipeline)->timer);
    close_batch(&(*pipeline)->events);
    close_batch(&(*pipeline)->due);
    free(*pipeline);
    *pipeline = NULL;
}

bool pipeline_busy(const struct pipeline *pipeline)
{
    return pipeline->events.active || pipeline->due.active;
}
