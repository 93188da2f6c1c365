/*
 * Comparisons as conditions have them. Their sides are expressions, not values, because the
 * words `empty` and `blank` are tests there.
 */
#ifndef NUDGED_LIQUID_LIQUID_COMPARE_H
#define NUDGED_LIQUID_LIQUID_COMPARE_H

#include "liquid/liquid_run.h"

enum liquid_operator {
    LIQUID_TRUTH, /* the left side alone */
    LIQUID_EQUAL,
    LIQUID_UNEQUAL,
    LIQUID_BELOW,
    LIQUID_ABOVE,
    LIQUID_AT_MOST,
    LIQUID_AT_LEAST,
    LIQUID_CONTAINS,
    LIQUID_UNKNOWN, /* lax mode keeps it for the render, which fails */
};

/* Whether `left` stands in that relation to `right` (NULL for LIQUID_TRUTH). False after a
 * failure: a number and a string have no order. */
bool liquid_compare(struct liquid_run *run, enum liquid_operator relation,
                    const struct liquid_expression *left, const struct liquid_expression *right,
                    bool *result);

/* `left` == `right`. */
bool liquid_compare_equal(struct liquid_run *run, const struct liquid_expression *left,
                          const struct liquid_expression *right, bool *result);

#endif
