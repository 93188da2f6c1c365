/*
 * The gates of one term: predicates of many rules, arranged so that the term's value
 * finds those it passes without asking every one. Equalities, beginnings and
 * ends stand in a hash table, bounds in sorted rows, parts of texts in
 * rule_needles. What is unknown is said by cel/cel_predicate, not here.
 *
 * A rule may stand behind one gate, in layer 0; behind any of several, all in
 * layer 0; or behind one in each of several layers, all of which must be passed.
 */
#ifndef NUDGED_RULES_RULE_GATES_H
#define NUDGED_RULES_RULE_GATES_H

#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "cel/cel_predicate.h"

enum { RULE_GATES_LAYERS = 4 };

/* Sets of rules: bit n stands for rule number n. */
struct rule_marks {
    uint64_t *passed[RULE_GATES_LAYERS]; /* a gate of that layer is true */
    uint64_t *unknown;                   /* some gate is unknown */
};

static inline void rule_marks_set(uint64_t *set, uint32_t rule)
{
    set[rule / 64] |= UINT64_C(1) << rule % 64;
}

struct rule_gates;

struct rule_gates *rule_gates_new(struct arena *arena);

/* The constants are not copied. In layers over 0 there are only comparisons with numbers. */
void rule_gates_add(struct rule_gates *gates, enum cel_predicate predicate,
                    const struct value *constants, uint32_t count, uint32_t rule, uint32_t layer);

/* After the last one was added. */
void rule_gates_seal(struct rule_gates *gates);

/* Marks rules by the term's value; NULL: it is unknown, and so are all. */
void rule_gates_mark(const struct rule_gates *gates, const struct value *value,
                     const struct rule_marks *marks);

#endif
