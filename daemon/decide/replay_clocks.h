/* The ticks of rules' clocks on a virtual clock: of each customer in their own zone and turn. */
#ifndef NUDGED_DECIDE_REPLAY_CLOCKS_H
#define NUDGED_DECIDE_REPLAY_CLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "customer/customer.h"
#include "decide/decide.h"
#include "rules/ruleset.h"

struct replay_clocks {
    const struct rule **rules; /* that have a clock; owned */
    uint32_t count;
    const char *zone; /* of the shop */
};

void replay_clocks_open(struct replay_clocks *clocks, const struct ruleset *rules,
                        const char *zone);
void replay_clocks_close(struct replay_clocks *clocks);

/* When the customer is asked next, after `after_ms`; 0: never. */
int64_t replay_clocks_next(const struct replay_clocks *clocks, const struct customer *customer,
                           int64_t after_ms, struct arena *arena);

/* The ticks at which they are asked then, in the order of their moments; none but the newest of
 * each rule. In the arena. */
const struct decide_tick *replay_clocks_due(const struct replay_clocks *clocks,
                                            const struct customer *customer, int64_t after_ms,
                                            int64_t now_ms, struct arena *arena, size_t *count);

#endif
