#include "app/backpressure.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum { COUNT_MS = 500 };

struct backpressure {
    struct backpressure_options options;
    struct event *timer;
    int64_t outbox;
    bool counting; /* the outbox's length is being asked */
    bool crowded;  /* over the bound: the intake pauses */
    bool stopped;
};

int64_t backpressure_outbox(const struct backpressure *backpressure)
{
    return backpressure->outbox;
}

static void on_length(void *context, int64_t length)
{
    struct backpressure *b = context;
    struct shard *shard = b->options.shard;
    b->counting = false;
    if (length < 0 || b->stopped)
        return;
    b->outbox = length;
    int64_t messages = length + shard->waiting.later, most = b->options.most;
    if (!b->crowded && messages > most) {
        log_warning("the outbox is over its bound, events wait messages=%" PRId64, messages);
        intake_pause(shard->intake);
        b->crowded = true;
    } else if (b->crowded && messages < most - most / 10) {
        log_info("the outbox is below its bound again messages=%" PRId64, messages);
        intake_resume(shard->intake);
        b->crowded = false;
    }
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
    waiting_ask(&shard->waiting, shard->scripts); /* answered before the length */
    outbox_length(shard->outbox, on_length, b);
}

void backpressure_start(struct backpressure *backpressure)
{
    const struct timeval often = clock_timeval(COUNT_MS);
    event_add(backpressure->timer, &often);
}

void backpressure_stop(struct backpressure *backpressure)
{
    backpressure->stopped = true;
    event_del(backpressure->timer);
}

struct backpressure *backpressure_new(const struct backpressure_options *options)
{
    struct backpressure *backpressure = mem_zero(1, sizeof *backpressure);
    backpressure->options = *options;
    backpressure->timer = event_new(options->base, -1, EV_PERSIST, on_time, backpressure);
    if (!backpressure->timer)
        mem_exhausted();
    return backpressure;
}

void backpressure_destroy(struct backpressure **backpressure)
{
    if (!*backpressure)
        return;
    event_free((*backpressure)->timer);
    free(*backpressure);
    *backpressure = NULL;
}
