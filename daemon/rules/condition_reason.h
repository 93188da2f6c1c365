/*
 * Why a condition answered as it did, for people: which part of it, and what that part saw. Nothing
 * is asked that was not asked for the answer: of a lookup() that was not needed nothing is known.
 */
#ifndef NUDGED_RULES_CONDITION_REASON_H
#define NUDGED_RULES_CONDITION_REASON_H

#include <stdbool.h>

#include "cel/cel_reason.h"
#include "rules/condition.h"

enum { CONDITION_REASON_SEGMENTS = 3 };

struct condition_reason {
    struct cel_reason found;
    /* Where the part is of a segment's condition, the questions that led there, outermost first:
     * customer.segment("vip"). */
    struct slice within[CONDITION_REASON_SEGMENTS];
    uint32_t within_count;
};

/* Of a condition that has answered true or false in this scene. All lies in the program and in the
 * arena. */
void condition_reason_find(const struct cel_program *program, const struct condition_scene *scene,
                           bool answer, struct arena *arena, struct condition_reason *reason);
/* Likewise of one that was asked by a view. */
void condition_reason_view(const struct cel_program *program, const struct condition_view *view,
                           bool answer, struct arena *arena, struct condition_reason *reason);

#endif
