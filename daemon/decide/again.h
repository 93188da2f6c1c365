/*
 * What a new match of a rule does to what runs of it, of the same value of its `per`: the rule's
 * `again`.
 */
#ifndef NUDGED_DECIDE_AGAIN_H
#define NUDGED_DECIDE_AGAIN_H

#include <stdbool.h>

#include "customer/customer_journey.h"
#include "decide/deciding.h"

/* What runs gives way to the event, or keeps it from starting a journey: false. Told in the trace.
 */
bool again_makes_way(struct deciding *d, const struct rule *rule, const char *per);

/* Whether of such journeys of a value the rule lets only one run. */
bool again_keeps_one(const struct rule *rule, const struct customer_journey *journey);

#endif
