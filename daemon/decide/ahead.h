/*
 * What a decision must look up is read in two rounds at most, however many steps and rules ask. So
 * where a rule asks, all of its expressions that look something up are asked ahead, with what is
 * known by then: what they lack is read with the rest, should anything be read at all.
 */
#ifndef NUDGED_DECIDE_AHEAD_H
#define NUDGED_DECIDE_AHEAD_H

#include <stdint.h>

#include "decide/deciding.h"
#include "rules/rule_index.h"

/* Of a journey that is to move on. */
void ahead_of_steps(struct deciding *d, const struct rule *rule,
                    const struct customer_journey *journey);
/* Of rules whose conditions could not be answered yet. */
void ahead_of_matches(struct deciding *d, const struct rule_answers *answers);

/* At last: what must be looked up is what the decision needs. */
void ahead_tell(struct deciding *d);

#endif
