/*
 * What ends journeys: an event of a rule's `until`, and one that no longer matches under
 * `again: restart`. It ends what runs, withdraws what waits in the outbox, and is remembered
 * whether or not there was any of it, as events may come in another order than they happened.
 */
#ifndef NUDGED_DECIDE_ENDS_H
#define NUDGED_DECIDE_ENDS_H

#include <stdint.h>

#include "base/value.h"
#include "decide/deciding.h"
#include "decide/trace_words.h"
#include "rules/rule.h"
#include "rules/rule_index.h"

/* All that the event ends by `until`: of rules that are here, and of what carries its `until`. */
void ends_until(struct deciding *d);

/* All that it ends as a match that is none any more, of the value that each rule's `per` has for
 * it. `answers`: of the rules of its type, as they were asked by the view. */
void ends_no_longer(struct deciding *d, const struct condition_view *view,
                    const struct rule_answers *answers);

/* Likewise at a tick of the rule's clock. Nothing is remembered: no older tick comes later. */
void ends_at_tick(struct deciding *d, const struct rule *rule, const struct condition_view *view);

/* Why what began with `start` (an event's document) at `started_ms`, for that value of the rule's
 * `per`, is over already: UNTIL, NO_LONGER; NONE: it is not. Events count that are newer than it,
 * and came before: which one, *past has. */
enum trace_why ends_over(const struct deciding *d, const struct rule *rule, const char *per,
                         const struct value *start, int64_t started_ms, struct ends_past *past);

#endif
