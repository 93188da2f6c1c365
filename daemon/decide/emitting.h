/*
 * Events that rules make (`emit`). One about the same customer is handled in the same decision,
 * after the present event (emitting_next); one about another goes into the stream with the commit,
 * if there is such a customer, which is assumed and then checked.
 */
#ifndef NUDGED_DECIDE_EMITTING_H
#define NUDGED_DECIDE_EMITTING_H

#include <stdbool.h>

#include "decide/deciding.h"

enum { EMITTING_MOST = 32 /* events of one that was pushed, or of a deadline */ };

/* Does the step. False where an expression of its data failed: *fault says why. */
bool emitting_emit(struct deciding *d, const struct rule *rule, const struct rule_step *step,
                   const struct customer_journey *journey, const char **fault);

/* Whether the event that is decided was made by that journey itself. */
bool emitting_is_own(struct deciding *d, const struct rule *rule,
                     const struct customer_journey *journey);

/* The next event of the decision's own that nobody has considered yet; NULL: there is none, and all
 * that was made of the present one is done. */
const struct shop_event *emitting_next(struct deciding *d);

#endif
