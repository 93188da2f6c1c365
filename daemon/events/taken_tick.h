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

/* What is told when a batch is done. */
struct taken_tick_told {
    struct work_list quiet;     /* ticks of which nothing came */
    struct clocks_found *found; /* what the index had wrong */
    uint32_t found_count, found_capacity;
};

/* Where the work's customer is, by the document that was read, not where the index has them, that
 * is to be told. */
void taken_tick_check(struct taken_tick_told *told, struct arena *arena, const struct work *work);
/* Nothing came of the work's ticks. */
void taken_tick_add_quiet(struct taken_tick_told *told, struct arena *arena,
                          const struct work *work);
/* Tells Redis all of it, where there is any, and forgets it. */
void taken_tick_tell(struct taken_tick_told *told, struct clocks *clocks, clocks_on_done *callback,
                     void *context);

#endif
