/* When Redis is to bring a customer back, once all is decided. It stands in the decision. */
#ifndef NUDGED_DECIDE_SCHEDULE_H
#define NUDGED_DECIDE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "customer/customer.h"
#include "decide/decision.h"
#include "rules/other_sets.h"
#include "rules/ruleset.h"

/* How long the customer has waited for room. `before`: some send of theirs waited when the decision
 * began, or it is a deadline: the queues may know of the customer. */
void schedule_set_full(struct decision *decision, const struct customer *customer, bool before);

/* When the customer's journeys go on. One that is left to another daemon is looked at again a
 * little later: that one may have ended. */
void schedule_set_deadlines(struct decision *decision, const struct customer *customer,
                            const struct ruleset *rules, const struct other_sets *others,
                            int64_t now_ms);

#endif
