/*
 * What a journey and an open message carry of their rule's `until`, and of the event that started
 * them, so that a daemon which lacks the rule ends them too.
 */
#ifndef NUDGED_DECIDE_CARRIED_H
#define NUDGED_DECIDE_CARRIED_H

#include <stdbool.h>

#include "decide/deciding.h"

/* Of the rule's `until`. */
struct customer_until carried_until(const struct rule *rule);

/* What is kept of an event for the rule's `until`, as customer_journey's `reads`; null where the
 * event is not at hand. */
struct value carried_reads(const struct deciding *d, const struct rule *rule,
                           const struct value *event);

/* What the condition of the rule's `until` reads of the event that is decided now, and its type, to
 * be remembered as customer_end's `event`. */
struct value carried_event(const struct deciding *d, const struct rule *rule);

/* The condition of that source, compiled once in a decision; false where it is none. NULL is no
 * condition, and true. */
bool carried_compile(struct deciding *d, const char *source, struct cel_program **condition);

#endif
