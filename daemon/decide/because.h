/*
 * What an item of the trace tells beyond its words, for `nudgectl explain`: the values that the
 * decision saw. All members are optional, and each text has a bound:
 *
 *   "no": the part of a condition that was false, or "yes": that was true; "in": the segments whose
 *   condition it is a part of; "saw": what the part saw, {"cart.total": 12.5}; "lacks": what of
 * that was not there, ["order.coupon"]
 */
#ifndef NUDGED_DECIDE_BECAUSE_H
#define NUDGED_DECIDE_BECAUSE_H

#include <stdbool.h>

#include "decide/deciding.h"
#include "rules/condition_reason.h"

enum { BECAUSE_TEXT_MOST = 120, BECAUSE_VALUE_MOST = 60 };

/* Each does nothing where `item` is NULL: the line is full. */

/* A condition that was asked in this scene, and has answered so. NULL: there was none. */
void because_condition(struct deciding *d, struct value *item, const struct cel_program *condition,
                       const struct condition_scene *scene, bool answer);
/* Likewise of one that was asked by a view. */
void because_view(struct deciding *d, struct value *item, const struct cel_program *condition,
                  const struct condition_view *view, bool answer);

#endif
