/*
 * A condition taken apart, for an index over many conditions: a formula of
 * predicates, each of which asks one thing of one term. What several conditions
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
#include "cel/cel_predicate.h"

/* A sub-expression that reads no variable of a comprehension. */
struct cel_term {
    const struct cel_program *program;
    const void *node;
    const char *key; /* the same for terms that have the same value whatever the input */
    uint32_t key_length;
    bool path;   /* a root or member, or fields below: quickly looked up */
    bool remote; /* a method in it is dear to answer */
};

enum cel_formula_kind {
    CEL_FORMULA_PREDICATE,
    CEL_FORMULA_ALL, /* false where one part is; else unknown where one is; else true */
    CEL_FORMULA_ANY, /* true where one part is; else unknown where one is; else false */
    CEL_FORMULA_NOT, /* of the one part */
};

struct cel_formula {
    uint8_t kind;      /* enum cel_formula_kind */
    uint8_t predicate; /* enum cel_predicate */
    uint32_t count;    /* of parts or of constants */
    const struct cel_formula *parts;
    const struct value *constants;
    struct cel_term term;
};

/* The formula lies in the arena and refers to the program. Where it is true or false, so
 * is the program, unless that fails because it passes CEL_COST_MOST. */
const struct cel_formula *cel_formula_of(struct arena *arena, const struct cel_program *program);

/* As cel_eval. False: the term is unknown; `fault` has no text where that is only because it
 * passes CEL_PREDICATE_COST_MOST. */
bool cel_term_eval(const struct cel_term *term, const struct cel_input *input, struct arena *arena,
                   struct value *value, struct cel_fault *fault);

#endif
