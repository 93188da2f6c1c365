/*
 * Conditions of if, elsif, unless and when: comparisons joined by `and` and `or`,
 * which are read from the right and have no precedence.
 */
#ifndef NUDGED_LIQUID_LIQUID_CONDITION_H
#define NUDGED_LIQUID_LIQUID_CONDITION_H

#include "base/slice.h"
#include "liquid/liquid_compare.h"
#include "liquid/liquid_parser.h"

struct liquid_condition {
    enum liquid_operator relation;
    const struct liquid_expression *left, *right;
    bool any; /* `or` joins the next one; else `and` */
    const struct liquid_condition *next;
};

/* NULL after an error. */
const struct liquid_condition *liquid_condition_parse(struct liquid_parser *parser,
                                                      const struct slice *markup);

bool liquid_condition_evaluate(struct liquid_run *run, const struct liquid_condition *condition,
                               bool *result);

/* Reports the variables that it reads. */
void liquid_condition_visit(struct liquid_visit *visit, const struct liquid_condition *condition);

#endif
