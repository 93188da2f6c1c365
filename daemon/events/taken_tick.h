/* A tick of a rule's clock as it was taken for a customer, and as it is decided. */
#ifndef NUDGED_EVENTS_TAKEN_TICK_H
#define NUDGED_EVENTS_TAKEN_TICK_H

#include <stdbool.h>

#include "base/arena.h"
#include "config/generation.h"
#include "decide/decide.h"
#include "events/work.h"
#include "store/clocks.h"

/* In the arena. False where rule or zone are not here, any more: another daemon will take it. */
bool taken_tick_read(const struct generation *generation, struct arena *arena, const char *text,
                     struct clocks_taken *taken, struct decide_tick *tick);

/* Whether the work's customer is, by the document that was read, where the index has them; else
 * what is so instead. */
bool taken_tick_is_found(const struct work *work, struct clocks_found *found);

#endif
