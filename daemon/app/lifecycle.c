/*
 * STARTING -> RUNNING -> DRAINING -> (CUTTING ->) LEAVING -> STOPPED, never back. Read enter(),
 * through which every change goes, then lifecycle_run() and lifecycle_drain(), which begin the
 * two halves. Draining is a look every 50 ms at whether workers and host still have
 * something under way; what has not ended when the time is over is cut, and only its results
 * are still written. A fault may lead from any state to STOPPED.
 */
#include "app/lifecycle.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_group.h"
#include "base/mem.h"
#include "serve/notify.h"

enum {
    LOOK_MS = 50,          /* while it drains: has all ended? */
    SETTLE_WAIT_MS = 5000, /* for the last results, after begun transfers were cut */
};

static const char *const words[] = {
    [LIFECYCLE_STARTING] = "starting", [LIFECYCLE_RUNNING] = "running",
    [LIFECYCLE_DRAINING] = "draining", [LIFECYCLE_CUTTING] = "cutting",
    [LIFECYCLE_LEAVING] = "leaving",   [LIFECYCLE_STOPPED] = "stopped",
};

struct lifecycle {
    struct lifecycle_options options;
    enum lifecycle_state state;
    struct event *timer; /* DRAINING, CUTTING: the next look */
    int64_t until_ms;    /* DRAINING, CUTTING: clock_monotonic_ms */
    int status;
};

enum lifecycle_state lifecycle_state(const struct lifecycle *lifecycle)
{
    return lifecycle->state;
}

const char *lifecycle_word(const struct lifecycle *lifecycle)
{
    return words[lifecycle->state];
}

int lifecycle_status(const struct lifecycle *lifecycle)
{
    return lifecycle->status;
}

/* Every change of state goes through here, and only forward. */
static void enter(struct lifecycle *lifecycle, enum lifecycle_state state)
{
    lifecycle->state = state;
    notify_status("%s", words[state]);
    if (state == LIFECYCLE_STOPPED) {
        log_group_end(lifecycle->options.log_group, clock_monotonic_ms());
        log_info("stopped");
        event_base_loopbreak(lifecycle->options.base);
    }
}

void lifecycle_fail(struct lifecycle *lifecycle, const struct diag *fault, int status)
{
    log_diag(fault);
    lifecycle->status = status;
    enter(lifecycle, LIFECYCLE_STOPPED);
}

bool lifecycle_run(struct lifecycle *lifecycle)
{
    if (lifecycle->state != LIFECYCLE_STARTING)
        return false;
    enter(lifecycle, LIFECYCLE_RUNNING);
    notify_ready();
    return true;
}

/* ---- The end ---- */

void lifecycle_drain(struct lifecycle *lifecycle)
{
    const struct lifecycle_options *options = &lifecycle->options;
    if (lifecycle->state > LIFECYCLE_RUNNING)
        return;
    notify_stopping();
    workers_drain(options->workers);
    gateways_drain(options->gateways);
    host_drain(options->host);
    lifecycle->until_ms = clock_monotonic_ms() + options->drain_ms;
    log_with(LOG_LEVEL_INFO, LOG_FIELDS(LOG_NUMBER("drain_ms", options->drain_ms)),
             "draining, nothing more is begun");
    enter(lifecycle, LIFECYCLE_DRAINING);
    event_active(lifecycle->timer, EV_TIMEOUT, 0);
}

static void on_left(void *context)
{
    enter(context, LIFECYCLE_STOPPED);
}

static void leave(struct lifecycle *lifecycle)
{
    enter(lifecycle, LIFECYCLE_LEAVING);
    workers_leave(lifecycle->options.workers, on_left, lifecycle);
}

static bool is_busy(const struct lifecycle_options *options)
{
    return workers_busy(options->workers) || host_busy(options->host);
}

/* Moves on, as far as what is under way allows. */
static void on_look(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct lifecycle *lifecycle = context;
    const struct timeval next = clock_timeval(LOOK_MS);
    int64_t now_ms = clock_monotonic_ms();
    bool over = now_ms >= lifecycle->until_ms, draining = lifecycle->state == LIFECYCLE_DRAINING;
    if (!draining && lifecycle->state != LIFECYCLE_CUTTING)
        return;
    if (!is_busy(&lifecycle->options) || (over && !draining)) {
        leave(lifecycle);
        return;
    }
    if (over) {
        log_with(LOG_LEVEL_WARNING, LOG_FIELDS(LOG_NUMBER("drain_ms", lifecycle->options.drain_ms)),
                 "the drain's time is over, what has not ended is cut");
        enter(lifecycle, LIFECYCLE_CUTTING);
        lifecycle->until_ms = now_ms + SETTLE_WAIT_MS;
        gateways_cut(lifecycle->options.gateways);
        host_cut(lifecycle->options.host);
    }
    event_add(lifecycle->timer, &next);
}

/* ---- The object ---- */

struct lifecycle *lifecycle_new(const struct lifecycle_options *options)
{
    struct lifecycle *lifecycle = mem_zero(1, sizeof *lifecycle);
    lifecycle->options = *options;
    lifecycle->timer = event_new(options->base, -1, 0, on_look, lifecycle);
    if (!lifecycle->timer)
        mem_exhausted();
    return lifecycle;
}

void lifecycle_destroy(struct lifecycle **lifecycle)
{
    if (!*lifecycle)
        return;
    event_free((*lifecycle)->timer);
    free(*lifecycle);
    *lifecycle = NULL;
}
