#include "store/teller.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/log_once.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "redis/arguments.h"
#include "redis/backoff.h"
#include "store/beat.h"
#include "store/script_table.h"

enum {
    TOLD_AT_ONCE = 100,
    ROOM = 2000, /* entries of the stream: more wait there already */
    FIRST_MS = 500,
    NEXT_MS = 5,  /* while there is somebody; else each beat is looked whether there is */
    FULL_MS = 50, /* while the stream is full */
};

struct teller {
    struct scripts *scripts;
    const struct instance *instance;
    struct beat *beat;
    struct connection_owner owner;
    struct event *timer;
    struct backoff backoff;
    struct log_once told; /* why nobody can be told */
    bool on;
};

/* At the next beat for a negative one. */
static void after(struct teller *teller, int64_t ms)
{
    if (teller->on)
        beat_wait(teller->beat, teller->timer, ms);
}

static void note_fault(struct teller *teller, const struct reply *reply, const struct diag *fault)
{
    struct diag diag = {0};
    if (reply) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    if (!instance_tells(fault) && log_once_is_news(&teller->told, fault->text))
        log_warning("who watches products cannot be told, trying again: %s", fault->text);
    after(teller, backoff_next(&teller->backoff));
}

static void on_told(void *context, const struct reply *reply, const struct diag *fault)
{
    struct teller *teller = context;
    int64_t told, left;
    failpoint("told");
    if (!reply || !reply_number(reply_item(reply, 0), &told) ||
        !reply_number(reply_item(reply, 1), &left)) {
        note_fault(teller, reply, fault);
        return;
    }
    backoff_reset(&teller->backoff);
    log_once_forget(&teller->told);
    metrics_add(METRIC_WATCHERS_TOLD, told);
    if (left)
        beat_stir(teller->beat);
    after(teller, !left ? -1 : told ? NEXT_MS : FULL_MS);
}

static void look(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct teller *teller = context;
    if (instance_state(teller->instance) != INSTANCE_READY) {
        after(teller, -1);
        return;
    }
    failpoint("tell");
    struct arena *arena = arena_new(512);
    struct arguments arguments = arguments_begin(arena, 4);
    arguments_text(&arguments, instance_consumer(teller->instance));
    arguments_number(&arguments, TOLD_AT_ONCE);
    arguments_number(&arguments, ROOM);
    const struct connection_request request =
        arguments_request(&arguments, &teller->owner, on_told, teller);
    scripts_run(teller->scripts, SCRIPT_TELL, &request);
    arena_destroy(&arena);
}

struct teller *teller_new(struct event_base *base, struct scripts *scripts,
                          const struct instance *instance, struct beat *beat)
{
    struct teller *teller = mem_zero(1, sizeof *teller);
    teller->scripts = scripts;
    teller->instance = instance;
    teller->beat = beat;
    teller->timer = event_new(base, -1, 0, look, teller);
    if (!teller->timer)
        mem_exhausted();
    return teller;
}

void teller_destroy(struct teller **teller)
{
    struct teller *ended = *teller;
    if (!ended)
        return;
    *teller = NULL;
    connection_silence(&ended->owner);
    beat_end(ended->beat, &ended->timer);
    free(ended);
}

void teller_start(struct teller *teller)
{
    const struct timeval first = clock_timeval(FIRST_MS);
    teller->on = true;
    event_add(teller->timer, &first); /* events that wait come before */
}

void teller_stop(struct teller *teller)
{
    teller->on = false;
    beat_forget(teller->beat, teller->timer);
}
