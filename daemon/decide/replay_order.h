/*
 * Where something stands among all that a replay decides: what two replays of people who share
 * nothing have decided, put together by it, is in the order in which one replay of them all would
 * have decided it.
 */
#ifndef NUDGED_DECIDE_REPLAY_ORDER_H
#define NUDGED_DECIDE_REPLAY_ORDER_H

#include <stdint.h>

/* Of an instant: first the events that came, by their number; then what nudged made of them, by how
 * many events lead there, then by the number of the first; then what was due. */
struct replay_order {
    int64_t at_ms;
    uint32_t depth;
    uint64_t number;
    const char *due; /* the highest key of which something was due so far; NULL: nothing yet */
};

/* Below, at, above 0, as strcmp. */
int replay_order_compare(const struct replay_order *a, const struct replay_order *b);

#endif
