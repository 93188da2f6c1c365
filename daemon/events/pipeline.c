/*
 * An event's life, from top to bottom; in each section what is small comes first.
 *
 *   pipeline_take   a batch of events (events/reading): archived, and those of one customer made
 *                   one `work` (what is no event becomes a dead letter)
 *   begin_round     the customers' documents, where their keys lead, and Redis' time; again where
 *                   a key led to one that was not read (works of one person become one: names)
 *   decide_work     for each customer: events/judging makes what is decided a commit, or asks for
 *                   starts and entries of tables first, which are read for it (events/needs)
 *   send_commit     everything decided for a customer, all or nothing (store/commit.lua). What is
 *                   decided together goes in one call (events/gathering), and behind it the next
 *                   customers are decided; messages that can begin at once go to delivery
 *   on_commit       done; or decided again at once: another writer was here (STALE), an assumption
 *                   was wrong (FACTS), an entry is no longer ours (GONE); or it waits for the next
 *                   round: a key leads elsewhere by now (MOVED), or Redis failed
 *   end_round       all have answers: another round, or finish
 *   finish          all works are done: the intake may bring another batch
 *
 * Several batches of events are under way at once, in the order that events/batch_order keeps.
 *
 * A timer's life is the same from begin_round on, as a work with a deadline; and so is a tick's
 * (pipeline_take_ticks), but where nothing came of it: that is told in finish, without a commit.
 */
#include "events/pipeline.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "events/batch.h"
#include "events/batch_order.h"
#include "events/judging.h"
#include "events/needs.h"
#include "events/round_memory.h"
#include "events/taken_tick.h"
#include "events/work.h"
#include "events/work_figures.h"
#include "events/work_log.h"
#include "redis/backoff.h"

enum {
    TIMERS_AT_ONCE = 200,
    TRIES_MOST = 50,  /* decided so often without success: waits as if Redis had failed */
    LEAVES_MS = 5000, /* after a journey was left to another daemon … */
    LATE_MS = 100,    /* … timers are asked for so much later */
};

struct pipeline {
    struct pipeline_options options;
    struct outbox_at_once at_once;
    struct batch events[INTAKE_AT_ONCE], due, ticks;
    struct gathering *gathering; /* of events */
    uint64_t batches;            /* of events, so far */
    struct event *timer;         /* when timers are asked for again */
    bool timers_on, timers_asked;
    struct backoff timers_backoff;
    int64_t left_ms;      /* when a journey was last left to another daemon; clock_monotonic_ms */
    int64_t sequence;     /* of document versions */
    struct log_once told; /* why nothing can be decided */
};

static void go_on_with(struct batch *batch);
static void begin_round(struct batch *batch);
static void begin_works(struct batch *batch);
static customers_on_read on_documents;
static void decide_work(struct work *work);
static void read_needs(struct work *work);
static needs_on_read on_needs;
static void on_commit(struct work *work, const struct commit_result *result, size_t queued);
static void end_work(struct work *work, enum work_state state);
static void end_round(struct batch *batch);
static void fail_round(struct work *work);
static void finish(struct batch *batch);

static void after(struct event *timer, int64_t ms)
{
    const struct timeval wait = clock_timeval(ms);
    event_add(timer, &wait);
}

static void try_later(struct batch *batch)
{
    batch->state = BATCH_FAILED;
    after(batch->again, backoff_next(&batch->backoff));
}

/* What Redis answered with an error is logged once. */
static void note_fault(struct pipeline *pipeline, const struct diag *fault)
{
    if (!instance_tells(fault) && log_once_is_news(&pipeline->told, fault->text))
        log_warning("nothing can be decided now, trying again: %s", fault->text);
}

/* ---- Taking a batch of events ---- */

/* With the rules and the policy of now. */
static void begin_batch(struct batch *batch, struct workspace *space)
{
    const struct pipeline_options *options = &batch->pipeline->options;
    batch_begin(batch, space, options->generation(options->context), &options->home);
}

void pipeline_take(struct pipeline *pipeline, const struct intake_batch *taken,
                   struct workspace *space)
{
    struct batch *events = &pipeline->events[taken->place];
    failpoint("batch-read");
    begin_batch(events, space);
    events->place = taken->place;
    events->number = ++pipeline->batches;
    events->entry_count = taken->count;
    events->is_full = taken->full;
    for (size_t i = 0; i < taken->count; i++)
        batch_add_entry(events, &taken->entries[i]);
    if (pipeline->options.archive)
        archive_write(pipeline->options.archive, clock_wall_ms());
    failpoint("batch-archived");
    go_on_with(events);
}

/* ---- Several batches of events ---- */

/* What waits for nothing any more goes on. */
static void go_on_with(struct batch *batch)
{
    if (batch->state == BATCH_BARRED && !batch_is_barred(batch))
        begin_round(batch);
    else if (batch->state == BATCH_READ && batch_may_decide(batch))
        begin_works(batch);
}

/* The batch, older than others, is known better now, or done. */
static void go_on_with_others(const struct batch *batch)
{
    struct batch *events = batch->pipeline->events;
    for (size_t i = 0; i < INTAKE_AT_ONCE && batch->number; i++) {
        if (batch->state == BATCH_NONE && events[i].state == BATCH_BEHIND)
            begin_round(&events[i]);
        else if (&events[i] != batch)
            go_on_with(&events[i]);
    }
}

/* ---- Taking a batch of timers ---- */

/* Who leaves journeys to others asks a little later than they do, so that they have them. */
static int64_t lateness_ms(const struct pipeline *pipeline)
{
    bool leaves = pipeline->left_ms && clock_monotonic_ms() - pipeline->left_ms < LEAVES_MS;
    return leaves ? LATE_MS : 0;
}

static void on_taken(void *context, const struct timers_taken *taken)
{
    struct pipeline *pipeline = context;
    pipeline->timers_asked = false;
    if (taken->fault) {
        turns_end(&pipeline->due.turn);
        note_fault(pipeline, taken->fault);
        if (pipeline->timers_on)
            after(pipeline->timer, backoff_next(&pipeline->timers_backoff));
        return;
    }
    backoff_reset(&pipeline->timers_backoff);
    struct beat *beat = pipeline->options.shard->beat;
    if (taken->count == 0) {
        turns_end(&pipeline->due.turn);
        if (pipeline->timers_on)
            beat_wait_late(beat, pipeline->timer, taken->next_ms, lateness_ms(pipeline));
        return;
    }
    beat_stir(beat);
    begin_batch(&pipeline->due, workspaces_take(pipeline->options.workspaces));
    metrics_add(METRIC_TIMERS_FIRED, (int64_t)taken->count);
    for (size_t i = 0; i < taken->count; i++)
        batch_add_timer(&pipeline->due, &taken->customers[i]);
    begin_round(&pipeline->due);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct pipeline *pipeline = context;
    if (!pipeline->timers_on || pipeline->timers_asked || pipeline->due.state != BATCH_NONE ||
        !turns_take(&pipeline->due.turn))
        return;
    pipeline->timers_asked = true;
    timers_take(pipeline->options.shard->timers, TIMERS_AT_ONCE, on_taken, pipeline);
}

static void on_due_turn(void *context)
{
    struct batch *due = context;
    on_timer(-1, EV_TIMEOUT, due->pipeline);
}

void pipeline_start_timers(struct pipeline *pipeline)
{
    pipeline->timers_on = true;
    event_active(pipeline->timer, EV_TIMEOUT, 0);
}

void pipeline_stop_timers(struct pipeline *pipeline)
{
    pipeline->timers_on = false;
    if (!pipeline->timers_asked && pipeline->due.state == BATCH_NONE)
        turns_end(&pipeline->due.turn);
    beat_forget(pipeline->options.shard->beat, pipeline->timer);
}

/* ---- Taking a batch of ticks ---- */

void pipeline_take_ticks(struct pipeline *pipeline, const char *const *taken, size_t count,
                         pipeline_on_ticks *done, void *context)
{
    struct batch *ticks = &pipeline->ticks;
    begin_batch(ticks, workspaces_take(pipeline->options.workspaces));
    ticks->on_ticks = done;
    ticks->on_ticks_context = context;
    for (size_t i = 0; i < count; i++)
        batch_add_tick(ticks, taken[i]);
    metrics_add(METRIC_TICKS_ASKED, ticks->work_count);
    if (!ticks->work_count)
        finish(ticks);
    else if (turns_take(&ticks->turn))
        begin_round(ticks);
}

static void on_ticks_turn(void *context)
{
    begin_round(context);
}

static void on_told(void *context, const struct diag *fault)
{
    if (fault) /* they are asked again when their lease is over */
        note_fault(context, fault);
}

/* ---- A round: reading ---- */

static void goes_on(struct batch *batch)
{
    turns_goes_on(&batch->turn);
    if (batch->number)
        intake_goes_on(batch->pipeline->options.shard->intake, batch->place);
}

static void begin_round(struct batch *batch)
{
    struct customers_query query;
    batch->state = BATCH_READING;
    portions_reset(batch->portions);
    round_memory_reset(batch->round, batch->is_full);
    names_forget(batch->names);
    names_ask(batch->names, batch->round, &query);
    customers_read(batch->pipeline->options.shard->customers, &query, on_documents, batch);
}

/* As many as go together; the next ones when these are on their way. The last of them may end the
 * batch, and what it has in the arenas. */
static void decide_some(struct batch *batch)
{
    while (batch->next < batch->in_round_count && !gathering_is_full(batch->gathering))
        decide_work(batch->in_round[batch->next++]);
}

static void on_sent(void *context, uint32_t messages)
{
    const struct pipeline_options *options = &((struct batch *)context)->pipeline->options;
    options->on_sent(options->context, messages);
    decide_some(context);
}

static void on_events_sent(void *context, uint32_t messages)
{
    struct pipeline *pipeline = context;
    struct batch *batch;
    pipeline->options.on_sent(pipeline->options.context, messages);
    while (!gathering_is_full(pipeline->gathering) &&
           (batch = batch_oldest_to_decide(pipeline->events)))
        decide_some(batch);
}

/* All that are not done, and have nothing to wait for. */
static void begin_works(struct batch *batch)
{
    batch->state = BATCH_WORKING;
    batch->in_round = arena_alloc(batch->round, sizeof(struct work *) * batch->work_count);
    batch->in_round_count = batch->next = 0;
    batch->failed = false;
    for (uint32_t i = 0; i < batch->work_count; i++) {
        struct work *work = batch->works[i];
        if (work->state == WORK_DONE || batch_is_behind(work))
            continue;
        batch->in_round[batch->in_round_count++] = work;
        work_begin_round(work);
        work->state = WORK_UNDER_WAY;
    }
    batch->outstanding = batch->in_round_count;
    if (batch->outstanding)
        decide_some(batch);
    else
        end_round(batch);
}

/* A key may lead to one that nobody has asked for: then that is read too. */
static void on_documents(void *context, const struct diag *fault,
                         const struct customers_found *found)
{
    struct batch *batch = context;
    struct customers_query more;
    if (fault) {
        note_fault(batch->pipeline, fault);
        try_later(batch);
        return;
    }
    batch->now_ms = found->now_ms;
    goes_on(batch);
    names_learn(batch->names, batch->arena, batch->round, found);
    if (names_ask(batch->names, batch->round, &more)) {
        customers_read(batch->pipeline->options.shard->customers, &more, on_documents, batch);
        return;
    }
    batch->state = BATCH_READ;
    batch->is_known = true;
    go_on_with(batch);
    go_on_with_others(batch);
}

/* ---- A round: deciding ---- */

static void send_commit(struct work *work, const struct commit *commit)
{
    struct batch *batch = work->batch;
    gathering_add(batch->gathering, portions_arena(batch->portions, work), commit, work);
}

static struct judging judging_of(struct work *work)
{
    const struct batch *batch = work->batch;
    const struct pipeline_options *options = &batch->pipeline->options;
    return (struct judging){.generation = batch->generation,
                            .names = batch->names,
                            .home = &options->home,
                            .key_paths = batch->form.key_paths,
                            .round = portions_arena(batch->portions, work),
                            .rule_sets = options->shard->rule_sets,
                            .halted = options->shard->halted,
                            .epoch = instance_epoch(options->shard->instance),
                            .rooms = options->rooms(options->context),
                            .log_group = options->log_group,
                            .now_ms = batch->now_ms,
                            .keep_ms = options->customer_keep_ms,
                            .sequence = &batch->pipeline->sequence};
}

static void decide_customer(struct work *work)
{
    struct pipeline *pipeline = work->batch->pipeline;
    const struct judging judging = judging_of(work);
    int64_t begun_us = clock_monotonic_us();
    struct commit commit;
    bool decided = judging_decide(&judging, work, &commit);
    metrics_observe(METRIC_DECIDE_SECONDS, clock_monotonic_us() - begun_us);
    if (!decided) {
        read_needs(work);
        return;
    }
    if (work->tick_count)
        taken_tick_check(&work->batch->told, work->batch->arena, work);
    if (work->decision.quiet) {
        work_figures_count_quiet(work);
        taken_tick_add_quiet(&work->batch->told, work->batch->arena, work);
        work_advance(work);
        end_work(work, WORK_DONE);
        return;
    }
    if (work->decision.left)
        pipeline->left_ms = clock_monotonic_ms();
    pipeline->options.on_decided(pipeline->options.context, work->decision.message_count);
    send_commit(work, &commit);
}

/* Entries that are no customer's: there is nothing to decide. They are dead letters, or are told to
 * who watches a product. */
static void end_entries(struct work *work)
{
    work_choose(work, UINT32_MAX);
    const struct commit commit =
        work_entry_commit(work->batch->round, work->ids.texts, work->dead, work->chosen);
    send_commit(work, &commit);
}

static void decide_work(struct work *work)
{
    if (work_is_empty(work)) {
        end_work(work, WORK_DONE); /* all of it was somebody else's */
    } else if (work->key) {
        decide_customer(work);
    } else {
        end_entries(work);
    }
}

/* ---- A round: what is needed ---- */

static void read_needs(struct work *work)
{
    const struct shard *shard = work->batch->pipeline->options.shard;
    const struct needs_reader reader = {.tables = shard->tables,
                                        .customers = shard->customers,
                                        .arena = work->batch->round,
                                        .callback = on_needs};
    needs_read(&reader, work);
}

static void on_needs(struct work *work, const struct diag *fault)
{
    if (fault) {
        note_fault(work->batch->pipeline, fault);
        fail_round(work);
    } else {
        decide_work(work);
    }
}

/* ---- A round: its end ---- */

/* Some or all of it was committed; `queued` of its messages stand in the outbox. */
static void go_on(struct work *work, size_t queued)
{
    const struct pipeline_options *options = &work->batch->pipeline->options;
    log_once_forget(&work->batch->pipeline->told);
    work_figures_count(work);
    work_log_different(work, options->log_group);
    if (queued)
        options->on_messages(options->context);
    if (work->decision.erased_count)
        options->on_erased(options->context);
    for (uint32_t i = 0; i < work->decision.brake_count; i++)
        options->on_braked(options->context, work->decision.brakes[i], work->batch->now_ms);
    work_advance(work);
    end_work(work, work_is_empty(work) ? WORK_DONE : WORK_WAITING);
}

/* Nothing was written: what it was decided by does not hold. */
static void decide_again(struct work *work, const struct commit_result *result)
{
    if (++work->tries == TRIES_MOST) {
        log_warning("a customer was decided %d times and something had always changed", TRIES_MOST);
        fail_round(work);
        return;
    }
    metrics_add(METRIC_COMMITS_AGAIN, 1);
    work_log_codeless(result, work->batch->pipeline->options.log_group);
    if (names_bring(work->batch->names, work, result->unknown, result->unknown_count) ||
        batch_wait_for_older(work, result->unknown, result->unknown_count)) {
        end_work(work, WORK_WAITING);
        return;
    }
    work_learn(work->batch->round, work, result);
    if (result->outcome == COMMIT_STALE)
        judging_learn(work);
    decide_work(work);
}

/* Nothing was written: a key leads elsewhere by now. */
static void read_again(struct work *work)
{
    if (++work->moves == TRIES_MOST) {
        log_warning("a customer's keys were read %d times and had always changed", TRIES_MOST);
        work->moves = 0;
        fail_round(work);
        return;
    }
    metrics_add(METRIC_COMMITS_AGAIN, 1);
    end_work(work, WORK_WAITING);
}

/* Nothing can be decided for this customer until somebody mends the key; the others go on. */
static void give_up_broken(struct work *work, const struct commit_result *result)
{
    struct wrong_keys *wrong_keys = work->batch->pipeline->options.shard->wrong_keys;
    const struct judging judging = judging_of(work);
    struct commit commit;
    struct diag diag = {0};
    wrong_keys_note(wrong_keys, clock_monotonic_ms(), result->broken, result->what);
    diag_error(&diag, "a key that Redis has of the customer %s", result->what);
    diag_code(&diag, "wrong-key");
    judging_give_up(&judging, work, &diag, &commit);
    send_commit(work, &commit);
}

static void on_commit(struct work *work, const struct commit_result *result, size_t queued)
{
    switch (result->outcome) {
    case COMMIT_DONE:
        work_log_low(result);
        if (work->goes_out && !result->ran_before)
            work->batch->pipeline->options.on_strays(work->batch->pipeline->options.context);
        go_on(work, queued);
        return;
    case COMMIT_MOVED:
        read_again(work);
        return;
    case COMMIT_BROKEN:
        give_up_broken(work, result);
        return;
    case COMMIT_STALE:
    case COMMIT_FACTS:
    case COMMIT_GONE:
        decide_again(work, result);
        return;
    case COMMIT_FAILED:
        note_fault(work->batch->pipeline, result->fault);
        fail_round(work);
        return;
    }
}

/* All works are done. */
static void finish(struct batch *batch)
{
    const struct pipeline_options *options = &batch->pipeline->options;
    pipeline_on_ticks *on_ticks = batch->on_ticks;
    taken_tick_tell(&batch->told, options->shard->clocks, on_told, batch->pipeline);
    if (batch->number)
        intake_read_at_most(options->shard->intake,
                            round_memory_entries(batch->round, batch->entry_count));
    batch_forget(batch, options->workspaces);
    turns_end(&batch->turn);
    if (on_ticks) {
        on_ticks(batch->on_ticks_context);
    } else if (batch->number) {
        intake_done(options->shard->intake, batch->place);
        go_on_with_others(batch);
        if (!pipeline_has_events(batch->pipeline))
            options->on_events_done(options->context);
    } else if (batch->pipeline->timers_on) {
        after(batch->pipeline->timer, lateness_ms(batch->pipeline));
    }
}

/* All that were decided have answers. */
static void end_round(struct batch *batch)
{
    const struct work *left = NULL;
    bool is_free = false;
    for (uint32_t i = 0; i < batch->work_count; i++)
        if (batch->works[i]->state != WORK_DONE) {
            left = batch->works[i];
            is_free = is_free || !batch_is_behind(left);
        }
    if (!left)
        finish(batch);
    else if (batch->failed)
        try_later(batch);
    else if (is_free) /* more of a customer than one commit carries */
        event_active(batch->again, EV_TIMEOUT, 0);
    else
        batch->state = BATCH_BEHIND;
}

/* The work had its last answer in this round: it is done, or waits for the next one. */
static void end_work(struct work *work, enum work_state state)
{
    struct batch *batch = work->batch;
    work->state = state;
    goes_on(batch);
    portions_leave(batch->portions, work);
    if (--batch->outstanding == 0)
        end_round(batch);
}

/* Redis failed it: it waits for the next round, as that does for Redis. */
static void fail_round(struct work *work)
{
    work->batch->failed = true;
    end_work(work, WORK_WAITING);
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    begin_round(context);
}

/* ---- The object ---- */

static struct gathering *open_gathering(struct pipeline *pipeline,
                                        void (*sent)(void *context, uint32_t messages),
                                        void *context)
{
    return gathering_new(&(struct gathering_options){.base = pipeline->options.base,
                                                     .shard = pipeline->options.shard,
                                                     .at_once = &pipeline->at_once,
                                                     .answered = on_commit,
                                                     .sent = sent,
                                                     .context = context});
}

/* `granted`: it has its own turns and gathering; NULL: one of events. */
static void open_batch(struct pipeline *pipeline, struct batch *batch,
                       void (*granted)(void *context))
{
    batch->pipeline = pipeline;
    batch->siblings = pipeline->events;
    batch->archive = pipeline->options.archive;
    batch->log_group = pipeline->options.log_group;
    batch->names = names_new();
    batch->gathering = granted ? open_gathering(pipeline, on_sent, batch) : pipeline->gathering;
    batch->turn = (struct turn){
        .turns = pipeline->options.shard->turns, .granted = granted, .context = batch};
    batch->again = evtimer_new(pipeline->options.base, on_again, batch);
    if (!batch->again)
        mem_exhausted();
}

static void close_batch(struct batch *batch)
{
    event_free(batch->again);
    generation_release(&batch->generation);
    names_destroy(&batch->names);
    if (batch->gathering != batch->pipeline->gathering)
        gathering_destroy(&batch->gathering);
    turns_end(&batch->turn);
    workspaces_leave(batch->pipeline->options.workspaces, &batch->space, false);
}

struct pipeline *pipeline_new(const struct pipeline_options *options)
{
    struct pipeline *pipeline = mem_zero(1, sizeof *pipeline);
    pipeline->options = *options;
    pipeline->timer = evtimer_new(options->base, on_timer, pipeline);
    if (!pipeline->timer)
        mem_exhausted();
    pipeline->gathering = open_gathering(pipeline, on_events_sent, pipeline);
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++)
        open_batch(pipeline, &pipeline->events[i], NULL);
    open_batch(pipeline, &pipeline->due, on_due_turn);
    open_batch(pipeline, &pipeline->ticks, on_ticks_turn);
    return pipeline;
}

void pipeline_destroy(struct pipeline **pipeline)
{
    if (!*pipeline)
        return;
    beat_end((*pipeline)->options.shard->beat, &(*pipeline)->timer);
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++)
        close_batch(&(*pipeline)->events[i]);
    close_batch(&(*pipeline)->due);
    close_batch(&(*pipeline)->ticks);
    gathering_destroy(&(*pipeline)->gathering);
    free(*pipeline);
    *pipeline = NULL;
}

void pipeline_begin_by(struct pipeline *pipeline, const struct outbox_at_once *at_once)
{
    pipeline->at_once = *at_once;
}

void pipeline_look(struct pipeline *pipeline)
{
    gathering_look(pipeline->gathering);
    gathering_look(pipeline->due.gathering);
    gathering_look(pipeline->ticks.gathering);
}

bool pipeline_has_events(const struct pipeline *pipeline)
{
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++)
        if (pipeline->events[i].state != BATCH_NONE)
            return true;
    return false;
}

bool pipeline_busy(const struct pipeline *pipeline)
{
    bool busy =
        pipeline->timers_asked || batch_moves(&pipeline->due) || batch_moves(&pipeline->ticks);
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++)
        busy = busy || batch_moves(&pipeline->events[i]);
    return busy;
}
