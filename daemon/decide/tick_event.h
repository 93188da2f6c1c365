/* What a tick of a clock is to all that takes part: an event that nobody pushed, about nothing but
 * a time. */
#ifndef NUDGED_DECIDE_TICK_EVENT_H
#define NUDGED_DECIDE_TICK_EVENT_H

#include <stdint.h>

#include "base/arena.h"
#include "customer/shop_event.h"

/* Of the customer with that key, at their own turn within the tick's spread (`moment_ms`). */
struct shop_event *tick_event(int64_t time_ms, int64_t moment_ms, const char *key,
                              struct arena *arena);
/* Its document alone: what conditions see as `event`. */
struct value tick_event_document(int64_t time_ms, struct arena *arena);

#endif
