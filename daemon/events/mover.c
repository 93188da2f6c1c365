/*
 * A sweep goes through the stream from its beginning, a batch at a time:
 *
 *   ask      whether it is ours to do: P{0}:mover is free, or has our name, or cannot be asked
 *            (where that is agreed on at all)
 *   read     the next entries; none: the sweep is over, and the next begins at the next beat
 *   carry    to each shard those that it is to have, in one call. A shard that failed has no more
 * in this sweep, for what comes behind must not go before; its entries are met again in the next
 *   hold     those that all have, until that outlives the loss of a server (store/replicated);
 *            meanwhile the sweep goes on, and at the end of the stream waits for more
 *   delete   them. What was lost is met again in the next sweep, which begins when nothing is held
 */
#include "events/mover.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "redis/arguments.h"
#include "redis/backoff.h"
#include "store/carrying.h"
#include "store/keys.h"
#include "store/replicated.h"
#include "store/routing.h"

enum {
    BATCH = 200,
    LEASE_MS = 5000,   /* after that another daemon may begin */
    USED_MS = 3600000, /* a stream by which nothing came for so long is looked at each second */
    LOOK_MS = 100,
    LEFT_MS = 10000, /* who is woken looks for what others have left */
    HELD_MOST = 64,  /* batches */
    FIRST_CHUNK = 65536,
};

enum step { STEP_IDLE, STEP_ASKING, STEP_READING, STEP_CARRYING, STEP_HOLDING };

struct entry {
    struct carrying_entry carried;
    struct routing routing;
    bool stuck; /* somebody who is to have it may not */
};

/* What goes to a shard in one call. */
struct load {
    struct mover *mover;
    size_t shard;
};

/* What was carried, and is not deleted yet. */
struct held {
    struct mover *mover;
    struct held *next;
    struct arena *arena;
    const char **ids;
    size_t count;
};

struct mover {
    struct mover_options options;
    char *name; /* NULL: it is not agreed on */
    struct connection_owner owner;
    struct event *timer;
    struct backoff backoff;
    struct log_once told;
    enum step step;
    bool on;

    struct arena *arena; /* of a batch */
    char *stream;
    char *after;  /* the last entry that the sweep has seen; "": none */
    bool *failed; /* of each shard, in this sweep */
    bool any_failed;
    int64_t *times; /* of each shard: replicated_times() at the first call of the sweep; 0: none */
    struct replicated *replicated;
    struct held *held;
    size_t held_count;
    size_t most;      /* entries of the next batch */
    int64_t moved_at; /* clock_monotonic_ms, when something came; 0: never */

    struct entry *entries;
    size_t count;
    size_t open; /* calls that are under way */
};

static void ask(struct mover *mover);

/* ---- When ---- */

static void rest(struct mover *mover, int64_t ms)
{
    const struct timeval wait = clock_timeval(ms);
    mover->step = STEP_IDLE;
    if (mover->on)
        event_add(mover->timer, &wait);
}

static void begin_sweep(struct mover *mover)
{
    free(mover->after);
    mover->after = mem_text("");
    mover->any_failed = false;
    for (size_t i = 0; i < placement_count(&mover->options.routes.placement); i++) {
        mover->failed[i] = false;
        mover->times[i] = 0;
    }
}

/* A sweep that waits for more goes on; where something failed it begins anew. */
static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct mover *mover = context;
    (void)fd, (void)what;
    if (!mover->held_count)
        begin_sweep(mover);
    if (mover->any_failed)
        rest(mover, LOOK_MS);
    else
        ask(mover);
}

static void end_sweep(struct mover *mover)
{
    int64_t now_ms = clock_monotonic_ms();
    bool used = mover->moved_at && now_ms - mover->moved_at < USED_MS;
    if (mover->any_failed) {
        rest(mover, backoff_next(&mover->backoff));
        return;
    }
    backoff_reset(&mover->backoff);
    log_once_forget(&mover->told);
    if (!mover->name)
        rest(mover, used ? clock_beat_ms() : LEFT_MS);
    else
        rest(mover, used ? LOOK_MS : clock_beat_ms());
}

/* ---- Faults ---- */

/* That Redis is away others tell. */
static void tell_fault(struct mover *mover, const struct diag *fault)
{
    bool lost = strcmp(fault->code, "redis-lost") == 0 || strcmp(fault->code, "redis-timeout") == 0;
    if (!lost && log_once_is_news(&mover->told, fault->text))
        log_warning("what comes to %s cannot be moved to its shard, trying again: %s",
                    mover->stream, fault->text);
}

/* Where the answer is of another kind than it must be: told, and tried again later. */
static bool has_failed(struct mover *mover, const struct reply *reply, const struct diag *fault)
{
    struct diag diag = {0};
    if (reply && reply->kind != REPLY_ERROR)
        return false;
    if (reply) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    tell_fault(mover, fault);
    rest(mover, backoff_next(&mover->backoff));
    return true;
}

static void fail_shard(struct mover *mover, size_t shard)
{
    mover->failed[shard] = mover->any_failed = true;
    for (size_t i = 0; i < mover->count; i++)
        if (routing_has(&mover->entries[i].routing, shard))
            mover->entries[i].stuck = true;
}

/* ---- Hold and delete ---- */

static void go_on(struct mover *mover)
{
    if (mover->on)
        ask(mover);
    else
        rest(mover, 0);
}

static void on_deleted(void *context, const struct reply *reply, const struct diag *fault)
{
    struct mover *mover = context;
    failpoint("moved");
    if (!reply || reply->kind == REPLY_ERROR) { /* it is met again */
        mover->any_failed = true;
        if (fault)
            tell_fault(mover, fault);
    }
}

static void delete_held(const struct held *held)
{
    struct mover *mover = held->mover;
    struct arguments arguments = arguments_begin(held->arena, held->count + 2);
    arguments_text(&arguments, "XDEL");
    arguments_text(&arguments, mover->stream);
    arguments_texts(&arguments, held->ids, held->count);
    const struct connection_request request =
        arguments_request(&arguments, &mover->owner, on_deleted, mover);
    connection_send(mover->options.source, &request);
}

static void release(struct held *held)
{
    struct held **link = &held->mover->held;
    while (*link != held)
        link = &(*link)->next;
    *link = held->next;
    held->mover->held_count--;
    struct arena *arena = held->arena;
    arena_destroy(&arena);
}

static void on_safe(void *context, bool safe)
{
    struct held *held = context;
    struct mover *mover = held->mover;
    if (safe)
        delete_held(held);
    mover->any_failed = mover->any_failed || !safe;
    release(held);
    if (mover->step == STEP_HOLDING)
        go_on(mover);
}

/* Those that nobody lacks. */
static struct held *hold_carried(struct mover *mover)
{
    struct arena *arena = arena_new(FIRST_CHUNK / 8);
    struct held *held = arena_zero(arena, sizeof *held);
    held->mover = mover;
    held->arena = arena;
    held->ids = arena_alloc(arena, mover->count * sizeof *held->ids);
    for (size_t i = 0; i < mover->count; i++)
        if (!mover->entries[i].stuck)
            held->ids[held->count++] = arena_text(arena, mover->entries[i].carried.id);
    held->next = mover->held;
    mover->held = held;
    mover->held_count++;
    return held;
}

static size_t writes_of(const struct mover *mover, struct replicated_write *writes)
{
    size_t count = 0;
    for (size_t k = 0; k < placement_count(&mover->options.routes.placement); k++)
        for (size_t i = 0; i < mover->count; i++)
            if (!mover->entries[i].stuck && routing_has(&mover->entries[i].routing, k)) {
                writes[count++] = (struct replicated_write){k, mover->times[k]};
                break;
            }
    return count;
}

static void hold(struct mover *mover)
{
    struct replicated_write *writes = arena_alloc(
        mover->arena, placement_count(&mover->options.routes.placement) * sizeof *writes);
    const size_t count = writes_of(mover, writes);
    free(mover->after);
    mover->after = mem_text(mover->entries[mover->count - 1].carried.id);
    failpoint("move-carried");
    if (count)
        replicated_ask(mover->replicated,
                       &(struct replicated_question){
                           .writes = writes, .count = count, .patience_ms = REPLICATED_PATIENCE_MS},
                       on_safe, hold_carried(mover));
    if (mover->held_count < HELD_MOST)
        go_on(mover);
    else
        mover->step = STEP_HOLDING;
}

/* ---- Carry ---- */

static void on_carried(void *context, int64_t added, const struct diag *fault)
{
    struct load *load = context;
    struct mover *mover = load->mover;
    if (fault)
        tell_fault(mover, fault);
    if (fault)
        fail_shard(mover, load->shard);
    metrics_add(METRIC_EVENTS_MOVED, added);
    if (--mover->open == 0)
        hold(mover);
}

/* Those of the batch that the shard is to have. */
static size_t gather(const struct mover *mover, size_t shard, struct carrying_entry *entries)
{
    size_t count = 0;
    for (size_t i = 0; i < mover->count; i++)
        if (routing_has(&mover->entries[i].routing, shard))
            entries[count++] = mover->entries[i].carried;
    return count;
}

static void carry_to(struct mover *mover, size_t shard)
{
    struct scripts *scripts = routes_scripts(&mover->options.routes, shard);
    struct carrying_entry *entries = arena_alloc(mover->arena, sizeof *entries * mover->count);
    struct load *load = arena_alloc(mover->arena, sizeof *load);
    const struct carrying carrying = {
        .stream = mover->stream, .entries = entries, .count = gather(mover, shard, entries)};
    *load = (struct load){mover, shard};
    const int64_t times = replicated_times(mover->replicated, shard);
    if (!mover->times[shard])
        mover->times[shard] = times;
    if (!scripts || mover->failed[shard] || times != mover->times[shard]) {
        fail_shard(mover, shard); /* or its connection was lost: what was carried may be gone */
        return;
    }
    mover->open++;
    carrying_run(scripts, &carrying, &mover->owner, on_carried, load);
}

static void carry(struct mover *mover)
{
    size_t shards = placement_count(&mover->options.routes.placement);
    bool *wanted = arena_zero(mover->arena, shards * sizeof *wanted);
    for (size_t i = 0; i < mover->count; i++)
        for (size_t k = 0; k < shards; k++)
            wanted[k] = wanted[k] || routing_has(&mover->entries[i].routing, k);
    failpoint("move-read");
    mover->step = STEP_CARRYING;
    mover->open = 1; /* this: no answer comes in between */
    for (size_t k = 0; k < shards; k++)
        if (wanted[k])
            carry_to(mover, k);
    if (--mover->open == 0)
        hold(mover);
}

/* ---- Read ---- */

static const char *text_in(struct mover *mover, const struct reply *fields, const char *name)
{
    const struct reply *field = reply_field(fields, name);
    return field->kind == REPLY_TEXT ? arena_copy(mover->arena, field->text, field->length) : NULL;
}

static struct slice bytes_in(struct mover *mover, const struct reply *fields, const char *name)
{
    const struct reply *field = reply_field(fields, name);
    return field->kind == REPLY_TEXT
               ? slice_copy(mover->arena, (struct slice){field->text, field->length})
               : (struct slice){0};
}

static void add_entry(struct mover *mover, const struct reply *row)
{
    const struct reply *fields = reply_item(row, 1);
    struct entry *entry = &mover->entries[mover->count++];
    struct shop_event_form form = mover->options.form;
    *entry = (struct entry){.carried = {.id = arena_text(mover->arena, reply_item(row, 0)->text),
                                        .own = text_in(mover, fields, "own"),
                                        .login = text_in(mover, fields, "login"),
                                        .whose = text_in(mover, fields, "whose"),
                                        .event = bytes_in(mover, fields, "event"),
                                        .parcel = bytes_in(mover, fields, "parcel")}};
    form.own = entry->carried.own;
    form.whose = entry->carried.whose;
    entry->routing =
        routing_of(&mover->options.routes.placement, &form, entry->carried.event, mover->arena);
}

static void on_read(void *context, const struct reply *reply, const struct diag *fault)
{
    struct mover *mover = context;
    if (!reply || reply->kind == REPLY_ERROR)
        mover->most = 1; /* a batch may have been too large for an answer */
    if (has_failed(mover, reply, fault))
        return;
    mover->most = mover->most < BATCH / 2 ? mover->most * 2 : BATCH;
    arena_reset(mover->arena);
    mover->entries = arena_alloc(mover->arena, sizeof *mover->entries * (reply->count + 1));
    mover->count = 0;
    for (size_t i = 0; i < reply->count; i++)
        if (reply_text(reply_item(reply_item(reply, i), 0)))
            add_entry(mover, reply_item(reply, i));
    if (!mover->count) {
        end_sweep(mover);
        return;
    }
    if (!mover->moved_at)
        log_info("events come to %s, and are moved to their shards", mover->stream);
    mover->moved_at = clock_monotonic_ms();
    carry(mover);
}

static void read_next(struct mover *mover)
{
    struct arguments arguments = arguments_begin(mover->arena, 6);
    arguments_text(&arguments, "XRANGE");
    arguments_text(&arguments, mover->stream);
    arguments_text(&arguments,
                   *mover->after ? arena_printf(mover->arena, "(%s", mover->after) : "-");
    arguments_text(&arguments, "+");
    arguments_text(&arguments, "COUNT");
    arguments_number(&arguments, (int64_t)mover->most);
    mover->step = STEP_READING;
    const struct connection_request request =
        arguments_request(&arguments, &mover->owner, on_read, mover);
    connection_send(mover->options.source, &request);
}

/* ---- Ask ---- */

/* Nil where nobody had it, else who has. Where it is not known all may do it, for once. */
static void on_asked(void *context, const struct reply *reply, const struct diag *fault)
{
    struct mover *mover = context;
    const char *who = reply ? reply_text(reply) : NULL;
    (void)fault;
    if (!mover->on)
        rest(mover, 0);
    else if (who && strcmp(who, mover->name) != 0)
        rest(mover, clock_beat_ms());
    else
        read_next(mover);
}

static void ask(struct mover *mover)
{
    struct scripts *scripts = routes_scripts(&mover->options.routes, 0);
    arena_reset(mover->arena);
    if (!scripts || !mover->name) {
        read_next(mover);
        return;
    }
    struct arguments arguments = arguments_begin(mover->arena, 8);
    arguments_text(&arguments, "SET");
    arguments_text(&arguments, keys_spell(mover->arena, scripts_prefix(scripts), KEY_MOVER, NULL));
    arguments_text(&arguments, mover->name);
    arguments_text(&arguments, "NX");
    arguments_text(&arguments, "GET");
    arguments_text(&arguments, "PX");
    arguments_number(&arguments, LEASE_MS);
    mover->step = STEP_ASKING;
    const struct connection_request request =
        arguments_request(&arguments, &mover->owner, on_asked, mover);
    connection_send(scripts_connection(scripts), &request);
}

/* ---- The object ---- */

struct mover *mover_new(const struct mover_options *options)
{
    struct mover *mover = mem_zero(1, sizeof *mover);
    const struct placement *placement = &options->routes.placement;
    mover->options = *options;
    mover->name = options->name ? mem_text(options->name) : NULL;
    mover->arena = arena_new(FIRST_CHUNK);
    mover->stream = mem_text(options->stream);
    mover->failed = mem_zero(placement_count(placement), sizeof *mover->failed);
    mover->times = mem_zero(placement_count(placement), sizeof *mover->times);
    mover->replicated = replicated_new(options->base, &options->routes);
    mover->after = mem_text("");
    mover->most = BATCH;
    mover->timer = evtimer_new(options->base, on_timer, mover);
    if (!mover->timer)
        mem_exhausted();
    return mover;
}

void mover_destroy(struct mover **mover)
{
    struct mover *ended = *mover;
    if (!ended)
        return;
    *mover = NULL;
    connection_silence(&ended->owner);
    replicated_destroy(&ended->replicated);
    while (ended->held)
        release(ended->held);
    event_free(ended->timer);
    arena_destroy(&ended->arena);
    free(ended->failed);
    free(ended->times);
    free(ended->after);
    free(ended->stream);
    free(ended->name);
    free(ended);
}

void mover_start(struct mover *mover)
{
    mover->on = true;
    if (mover->step == STEP_IDLE)
        rest(mover, 0);
}

void mover_wake(struct mover *mover)
{
    if (mover->on && mover->step == STEP_IDLE)
        rest(mover, 0);
}

void mover_stop(struct mover *mover)
{
    mover->on = false;
    event_del(mover->timer);
}

bool mover_busy(const struct mover *mover)
{
    return mover->step != STEP_IDLE && mover->step != STEP_HOLDING;
}
