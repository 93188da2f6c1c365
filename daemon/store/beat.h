/*
 * When those look again that found nothing to do: all at the same moment, the beat, so that a
 * daemon that is idle wakes up once for all of them.
 *
 * There is a beat at each whole second. When for ten seconds nothing was found and nothing has
 * changed, the keys are watched from which the daemon could learn of work (redis/tracking); then
 * there is one every three seconds, at which the lease is renewed, and one at once when a key
 * changes, whoever changes it. Where Redis does not tell of changes, it stays at a second.
 */
#ifndef NUDGED_STORE_BEAT_H
#define NUDGED_STORE_BEAT_H

#include <stddef.h>
#include <stdint.h>

#include "redis/tracking.h"

struct beat;
struct event;
struct event_base;

enum { BEAT_MS = 1000, BEAT_SLOW_MS = 3000 };

struct beat_options {
    struct event_base *base;
    struct tracking *tracking; /* outlives it */
    const char *prefix;
    const char *const *channels, *const *gateways;
    size_t channel_count, gateway_count;
};

struct beat *beat_new(const struct beat_options *options);
/* No timer waits for it any more. */
void beat_destroy(struct beat **beat);

/* The timer (of evtimer_new) goes off in `ms`, or at the next beat where that is sooner; at the
 * beat for a negative one, and from BEAT_SLOW_MS on. */
void beat_wait(struct beat *beat, struct event *timer, int64_t ms);
/* The same, but so much later than that. */
void beat_wait_late(struct beat *beat, struct event *timer, int64_t ms, int64_t late_ms);
/* It goes off at the next of the beats that come every three seconds; no change wakes it. */
void beat_wait_slow(struct beat *beat, struct event *timer);
/* It goes off no more. */
void beat_forget(struct beat *beat, struct event *timer);
/* The same for good: it is freed, and `*timer` NULL. */
void beat_end(struct beat *beat, struct event **timer);
/* Milliseconds until the next beat, at least 0. */
int64_t beat_left_ms(const struct beat *beat);

/* Something was found: the next ten seconds have a beat each. */
void beat_stir(struct beat *beat);
/* Something has changed in Redis: all who wait look now. */
void beat_change(struct beat *beat);

#endif
