/* Ticks of clocks that match nothing: known without deciding, as most are such. */
#ifndef NUDGED_DECIDE_QUIET_H
#define NUDGED_DECIDE_QUIET_H

#include <stdbool.h>

#include "decide/decide.h"

/* Whether all of the ticks are certain to match nothing and to end nothing, by the input's rules,
 * policy and customer, who is only looked at. False also where that is not clear. */
bool quiet_ticks(const struct decide_input *input, struct arena *arena);

#endif
