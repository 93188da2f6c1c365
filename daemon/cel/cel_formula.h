/*
 * A condition taken apart, for an index over many conditions: a formula of
 * tests, each of which asks one thing of one term. What several conditions
 * have in common need then be evaluated only once.
 *
 *   order.total >= 20 && (customer.tier == "gold" || size(order.items) > 3)
 *     all of: order.total, at least 20
 *             any of: customer.tier, is "gold"
 *                     size(order.items), more than 3
 */
#ifndef NUDGED_CEL_CEL_FORMULA_H
#define NUDGED_CEL_CEL_FORMULA_H

#include <stdbool.h>
#include <stdint.h>

#include "cel/cel.h"

/* A sub-expression that reads no variable of a comprehension. */
struct cel_term {
    const struct cel_program *program;
    const void *node;
    const char *key; /* the same for terms that have the same value whatever the input */
    uint32_t key_length;
    bool path; /* a root or member, or fields below: quickly looked up */
};

/* Constants are numbers below 2^53 in magnitude, strings, booleans and null. A value
 * of a kind that a test is not for leaves it open: the expression itself must tell. */
enum cel_test {
    CEL_TEST_TRUE, /* the term is true; for booleans */
    CEL_TEST_IN,   /* it equals one of `constants`; for all that documents hold */
    CEL_TEST_LESS, /* than the one constant; for numbers, like the next three */
    CEL_TEST_LESS_EQUAL,
    CEL_TEST_MORE,
    CEL_TEST_MORE_EQUAL,
    CEL_TEST_STARTS, /* with the one constant; for strings, like the next two */
    CEL_TEST_ENDS,
    CEL_TEST_CONTAINS,
};

enum cel_formula_kind {
    CEL_FORMULA_TEST,
    CEL_FORMULA_ALL, /* false where one part is; else open where one is; else true */
    CEL_FORMULA_ANY, /* true where one part is; else open where one is; else false */
    CEL_FORMULA_NOT, /* of the one part */
};

struct cel_formula {
    uint8_t kind;   /* enum cel_formula_kind */
    uint8_t test;   /* enum cel_test */
    uint32_t count; /* of parts or of constants */
    const struct cel_formula *parts;
    const struct value *constants;
    struct cel_term term;
};

enum cel_answer { CEL_ANSWER_FALSE, CEL_ANSWER_TRUE, CEL_ANSWER_OPEN };

enum {
    CEL_FORMULA_TESTS_MOST = 64,
    /* Visited elements: of a term, and of a test. All of a formula then cost no more than
     * the program may. */
    CEL_TERM_COST_MOST = CEL_COST_MOST / CEL_FORMULA_TESTS_MOST / 2,
};

/* The formula lies in the arena and refers to the program. Where it is true or false, so
 * is the program, unless that fails because it passes CEL_COST_MOST. */
const struct cel_formula *cel_formula_of(struct arena *arena, const struct cel_program *program);

/* As cel_eval. False: the term is open; `fault` has no text where that is only because it
 * passes CEL_TERM_COST_MOST. */
bool cel_term_eval(const struct cel_term *term, const struct cel_input *input, struct arena *arena,
                   struct value *value, struct cel_fault *fault);

/* What a test says of its term's value. Whether it is open depends on the value and the
 * test's kind alone, not on the constants. */
enum cel_answer cel_test_ask(enum cel_test test, const struct value *constants, uint32_t count,
                             const struct value *value);

static inline bool cel_test_is_order(enum cel_test test)
{
    return test >= CEL_TEST_LESS && test <= CEL_TEST_MORE_EQUAL;
}

/* The same of tests that compare with a number, as often as those are asked. */
static inline enum cel_answer cel_test_order(enum cel_test test, double bound,
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
        return CEL_ANSWER_OPEN;
    bool holds = test == CEL_TEST_LESS         ? number < bound
                 : test == CEL_TEST_LESS_EQUAL ? number <= bound
                 : test == CEL_TEST_MORE       ? number > bound
                                               : number >= bound;
    return holds ? CEL_ANSWER_TRUE : CEL_ANSWER_FALSE;
}

#endif
