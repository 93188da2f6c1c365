/*
 * A predicate asks one thing of the value of one term: is it one of these, is it less,
 * does it begin so? It is known by its kind and its constants, whatever the expression.
 */
#ifndef NUDGED_CEL_CEL_PREDICATE_H
#define NUDGED_CEL_CEL_PREDICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "cel/cel.h"

/* Constants are numbers below 2^53 in magnitude, strings, booleans and null. Of a value of
 * a kind that a predicate is not for, the answer is unknown: the expression itself must tell. */
enum cel_predicate {
    CEL_PREDICATE_TRUE, /* the term is true; for booleans */
    CEL_PREDICATE_IN,   /* it equals one of `constants`; for all that documents hold */
    CEL_PREDICATE_LESS, /* than the one constant; for numbers, like the next three */
    CEL_PREDICATE_LESS_EQUAL,
    CEL_PREDICATE_MORE,
    CEL_PREDICATE_MORE_EQUAL,
    CEL_PREDICATE_STARTS, /* with the one constant; for strings, like the next two */
    CEL_PREDICATE_ENDS,
    CEL_PREDICATE_CONTAINS,
};

enum cel_answer { CEL_ANSWER_FALSE, CEL_ANSWER_TRUE, CEL_ANSWER_UNKNOWN };

enum {
    CEL_PREDICATES_MOST = 64, /* of a formula */
    /* Visited elements: of a predicate, and of its term. All of a formula then cost no more
     * than the program may. */
    CEL_PREDICATE_COST_MOST = CEL_COST_MOST / CEL_PREDICATES_MOST / 2,
};

/* What a predicate says of its term's value. Whether that is unknown depends on the value and
 * the predicate alone, not on the constants. */
enum cel_answer cel_predicate_ask(enum cel_predicate predicate, const struct value *constants,
                                  uint32_t count, const struct value *value);

static inline bool cel_predicate_is_order(enum cel_predicate predicate)
{
    return predicate >= CEL_PREDICATE_LESS && predicate <= CEL_PREDICATE_MORE_EQUAL;
}

/* The same of those that compare with a number, as often as they are asked. */
static inline enum cel_answer cel_predicate_order(enum cel_predicate predicate, double bound,
                                                  const struct value *value)
{
    double number;
    if (value->kind == VALUE_DOUBLE)
        number = value->real;
    else if (value->kind == VALUE_INT)
        number = (double)value->integer;
    else if (value->kind == VALUE_UINT)
        number = (double)value->natural;
    else
        return CEL_ANSWER_UNKNOWN;
    bool holds = predicate == CEL_PREDICATE_LESS         ? number < bound
                 : predicate == CEL_PREDICATE_LESS_EQUAL ? number <= bound
                 : predicate == CEL_PREDICATE_MORE       ? number > bound
                                                         : number >= bound;
    return holds ? CEL_ANSWER_TRUE : CEL_ANSWER_FALSE;
}

#endif
