/* An event that became a dead letter, as it is pushed again. */
#ifndef NUDGED_CTL_EVENT_AGAIN_H
#define NUDGED_CTL_EVENT_AGAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

/* Whether its letter has all of it; of one that was too large it has the beginning. */
bool event_again_is_whole(const char *reason);

/* With the id that it had, and the time: that of its letter where it has none, so that what came
 * meanwhile is newer. A body that is no JSON is given back as it is. In the arena. */
struct slice event_again(struct arena *arena, int64_t letter_ms, struct slice body);

#endif
