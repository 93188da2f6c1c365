/*
 * Conditions of if, elsif, unless and when: comparisons joined by `and` and `or`,
 * which are read from the right and have no precedence.
 */
#ifndef NUDGED_LIQUID_LIQUID_CONDITION_H
#define NUDGED_LIQUID_LIQUID_CONDITION_H

#include "liquid/liquid_parser.h"
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

struct liquid_condition {
    enum liquid_operator relation;
    const struct liquid_expression *left, *right;
    bool any; /* `or` joins the next one; else `and` */
    const struct liquid_condition *next;
};

/* NULL after an error. */
const struct liquid_condition *liquid_condition_parse(struct liquid_parser *parser,
                                                      const struct slice *markup);

enum liquid_operator liquid_condition_operator(const char *text, size_t length);

bool liquid_condition_evaluate(struct liquid_run *run, const struct liquid_condition *condition,
                               bool *result);

/* `left` == `right`, where the latter may be `empty` or `blank`. */
bool liquid_condition_equal(struct liquid_run *run, const struct liquid_expression *left,
                            const struct liquid_expression *right, bool *result);

#endif
