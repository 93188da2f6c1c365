/*
 * The value of a rule's `per`: what there is one journey for. Journeys, open messages and
 * remembered ends carry it as a text; NULL is the one value of a rule without `per`.
 */
#ifndef NUDGED_DECIDE_PER_H
#define NUDGED_DECIDE_PER_H

#include <stdbool.h>

#include "decide/deciding.h"

/* Asks the rule's `per` of the event that the view has. False: it is no text and no number, or
 * empty, or it failed, and *fault says how. A long text stands for itself by its digest. */
bool per_ask(const struct rule *rule, const struct condition_view *view, struct arena *arena,
             const char **per, const char **fault);

/* Likewise of the event that started a journey (its document), which began without one, as its rule
 * was another then; NULL where there is none. */
const char *per_of_start(const struct deciding *d, const struct rule *rule,
                         const struct value *start);

/* Whether what began with the event of `origin`, and carries `per`, is of the value. What carries
 * none is asked for it by its start; where that is lost, it is of every value. */
bool per_is(struct deciding *d, const struct rule *rule, const char *per, const char *origin,
            const char *value);

#endif
