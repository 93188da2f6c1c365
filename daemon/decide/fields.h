/*
 * Fields of the customer that are not events' own words: those that the configuration computes, and
 * those that a step `set` sets. Both act at once, on the customer of the decision.
 */
#ifndef NUDGED_DECIDE_FIELDS_H
#define NUDGED_DECIDE_FIELDS_H

#include <stdbool.h>

#include "decide/deciding.h"

/* What the event makes of the configuration's fields, in the order of the file: each sees what
 * those before it have become. One whose expression fails stays as it is, which is traced. */
void fields_compute(struct deciding *d);

/* The same for people who try things out: what the event makes of this customer's fields. */
void fields_try(const struct policy *policy, struct customer *customer,
                const struct shop_event *event, int64_t now_ms, struct arena *arena);

/* Does the step: all of its values are asked before the first is set. False where one failed:
 * *fault says why. */
bool fields_set(struct deciding *d, const struct rule_step *step,
                const struct customer_journey *journey, const char **fault);

/* Before two documents are joined, of which one says no to `policy.consent` (`theirs`: the other
 * one): what that reads stays as it is there, whichever word is newer. */
void fields_keep_no(struct deciding *d, const struct customer *other, bool theirs);
/* What two documents knew otherwise, which were joined: the word that is let go is traced. Before
 * the join, likewise. */
void fields_tell_join(struct deciding *d, const struct customer *other);
/* Past their bound what was set longest ago goes, as a dead letter. After it. */
void fields_keep_bound(struct deciding *d);

#endif
