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
    const struct rule **rules; /* that have a clock and are enabled; owned */
    uint32_t count;
    const char *zone;                 /* of the shop */
    struct replay_clocks_zone *zones; /* that customers have; owned */
    uint32_t zone_count;
};

/* What a customer is asked by, as long as their document is as it is. */
struct replay_clocks_turn {
    int64_t place; /* within every spread */
    uint32_t zone; /* one of the clocks' */
};

void replay_clocks_open(struct replay_clocks *clocks, const struct ruleset *rules,
                        const char *zone);
void replay_clocks_close(struct replay_clocks *clocks);

struct replay_clocks_turn replay_clocks_turn_of(struct replay_clocks *clocks,
                                                const struct customer *customer,
                                                struct arena *arena);

/* When the customer is asked next, after `after_ms`; 0: never. */
int64_t replay_clocks_next(struct replay_clocks *clocks, struct replay_clocks_turn turn,
                           int64_t after_ms);

/* The ticks at which they are asked then, in the order of their moments; none but the newest of
 * each rule. In the arena. */
const struct decide_tick *replay_clocks_due(struct replay_clocks *clocks,
                                            struct replay_clocks_turn turn, int64_t after_ms,
                                            int64_t now_ms, struct arena *arena, size_t *count);

#endif
