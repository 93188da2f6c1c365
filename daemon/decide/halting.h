/*
 * Rules that are paused, by an operator or by policy.brake. Their matches start nothing; a send
 * waits at its step, and its journey stands in the document with `halted`, since when. It goes on
 * when the rule is resumed. Whether one is paused is assumed, and the commit checks it, either way.
 */
#ifndef NUDGED_DECIDE_HALTING_H
#define NUDGED_DECIDE_HALTING_H

#include <stdbool.h>

#include "decide/deciding.h"

/* Whether the rule is paused; where `why` is given: by what. */
bool halting_is(struct deciding *d, const char *rule, enum trace_why *why);

/* A journey is at a send of that mid (NULL: not known). True: its rule is paused, or is now, and it
 * waits at the step. */
bool halting_try(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                 struct customer_journey *journey, const char *mid);

/* Whether the journey waited, and its rule is paused no more: it is due. */
bool halting_is_over(struct deciding *d, const struct customer_journey *journey);

/* Whether the journey waits, and its rule is paused still: nothing is asked of it before that is
 * resumed. */
bool halting_stays(struct deciding *d, struct customer_journey *journey);

/* What waits at first, of the customer and of whoever becomes part of them; and at last, which the
 * decision tells. */
void halting_begin(struct deciding *d, const struct customer *customer);
void halting_tell(struct deciding *d);

#endif
