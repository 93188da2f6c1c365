/*
 * Runs of rules that send nothing, as their `limit` counts them: it is asked before each `set` and
 * `emit`, and a run counts from the first that it does.
 */
#ifndef NUDGED_DECIDE_RUNS_H
#define NUDGED_DECIDE_RUNS_H

#include <stdbool.h>

#include "decide/deciding.h"

/* False where the limit is reached, or the run could not be counted: then the journey is over. */
bool runs_admit(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                const struct customer_journey *journey);
/* The step was done. */
void runs_count(struct deciding *d, const struct rule *rule,
                const struct customer_journey *journey);

#endif
