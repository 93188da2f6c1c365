#include "app/backpressure.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum {
    COUNT_MS = 500,
    WAKE_MS = 100, /* while sends wait for room */
};

struct backpressure {
    struct backpressure_options options;
    struct event *timer;
    int64_t outbox, later; /* as counted last */
    int64_t decided;       /* messages of this daemon that the count does not have */
    int64_t sent;          /* of these, in commits that are on the way */
    int64_t sent_by_then;  /* … when the count was asked for: it will have them */
    bool counting;         /* the outbox's length is being asked */
    bool told;             /* that sends wait for room */
    bool stopped;
    struct room rooms[ROOM_CLASSES];
};

int64_t backpressure_outbox(const struct backpressure *backpressure)
{
    return backpressure->outbox;
}

const struct room *backpressure_rooms(struct backpressure *backpressure)
{
    struct backpressure *b = backpressure;
    const struct waiting *waiting = &b->options.shard->waiting;
    int64_t messages = b->outbox + b->later + b->decided;
    b->rooms[RULE_MARKETING] =
        (struct room){.left = b->options.most - messages, .queued = waiting->full_marketing > 0};
    b->rooms[RULE_TRANSACTIONAL] = (struct room){.left = 2 * b->options.most - messages,
                                                 .queued = waiting->full_transactional > 0};
    return b->rooms;
}

void backpressure_decided(struct backpressure *backpressure, uint32_t messages)
{
    backpressure->decided += messages;
}

void backpressure_sent(struct backpressure *backpressure, uint32_t messages)
{
    backpressure->sent += messages;
}

/* Until the next beat for a negative one. */
static void wait_on(struct backpressure *b, int64_t ms)
{
    if (!b->stopped)
        beat_wait(b->options.shard->beat, b->timer, ms);
}

/* Once when it begins, and once when it ends. */
static void tell(struct backpressure *b, int64_t waiting)
{
    if (waiting && !b->told)
        log_with(LOG_LEVEL_WARNING,
                 LOG_FIELDS(LOG_NUMBER("messages", b->outbox + b->later),
                            LOG_NUMBER("customers", waiting)),
                 "the outbox is over its bound, sends wait for room");
    else if (!waiting && b->told)
        log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_NUMBER("messages", b->outbox + b->later)),
                 "the outbox is below its bound, no send waits for room any more");
    b->told = waiting > 0;
}

static void wake(struct backpressure *b)
{
    struct shard *shard = b->options.shard;
    const struct room *rooms = backpressure_rooms(b);
    if (rooms[RULE_TRANSACTIONAL].left > 0)
        waiting_wake(&shard->waiting, shard->scripts, rooms[RULE_TRANSACTIONAL].left,
                     rooms[RULE_MARKETING].left);
}

static void on_length(void *context, int64_t length)
{
    struct backpressure *b = context;
    const struct waiting *waiting = &b->options.shard->waiting;
    int64_t full = waiting->full_transactional + waiting->full_marketing;
    b->counting = false;
    if (length >= 0) {
        b->outbox = length;
        b->later = waiting->later;
        b->decided -= b->sent_by_then;
        b->sent -= b->sent_by_then;
        tell(b, full);
        if (full && !b->stopped)
            wake(b);
    }
    if (full)
        beat_stir(b->options.shard->beat);
    bool is_near = b->outbox + b->later + b->decided > b->options.most / 2;
    wait_on(b, full ? WAKE_MS : is_near || b->decided ? COUNT_MS : -1);
}

static void on_time(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct backpressure *b = context;
    struct shard *shard = b->options.shard;
    if (b->counting)
        return;
    b->counting = true;
    b->sent_by_then = b->sent; /* their commits are on the way, before the question */
    waiting_ask(&shard->waiting, shard->scripts); /* answered before the length */
    outbox_length(shard->outbox, on_length, b);
}

void backpressure_start(struct backpressure *backpressure)
{
    event_active(backpressure->timer, EV_TIMEOUT, 0);
}

void backpressure_stop(struct backpressure *backpressure)
{
    backpressure->stopped = true;
    beat_forget(backpressure->options.shard->beat, backpressure->timer);
}

struct backpressure *backpressure_new(const struct backpressure_options *options)
{
    struct backpressure *backpressure = mem_zero(1, sizeof *backpressure);
    backpressure->options = *options;
    backpressure->timer = event_new(options->base, -1, 0, on_time, backpressure);
    if (!backpressure->timer)
        mem_exhausted();
    return backpressure;
}

void backpressure_destroy(struct backpressure **backpressure)
{
    if (!*backpressure)
        return;
    beat_end((*backpressure)->options.shard->beat, &(*backpressure)->timer);
    free(*backpressure);
    *backpressure = NULL;
}
