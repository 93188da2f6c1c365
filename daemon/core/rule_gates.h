/*
 * The gates of one term: of many rules one test each, arranged so that the
 * term's value finds those it passes without asking every one. Equalities,
 * beginnings and ends stand in a hash table, bounds in sorted rows, parts of
 * texts in rule_needles. It has no opinion on what is open: lang/cel_formula
 * says so.
 */
#ifndef NUDGED_CORE_RULE_GATES_H
#define NUDGED_CORE_RULE_GATES_H

#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "lang/cel_formula.h"

/* Sets of rules: bit n stands for rule number n. */
struct rule_marks {
    uint64_t *passed; /* its gate, or one of its gates, is true */
    uint64_t *open;   /* its gate, or one of its gates, is open */
};

static inline void rule_marks_set(uint64_t *set, uint32_t rule)
{
    set[rule / 64] |= UINT64_C(1) << rule % 64;
}

struct rule_gates;

struct rule_gates *rule_gates_new(struct arena *arena);

/* The constants are not copied. A rule may have several gates, at several terms. */
void rule_gates_add(struct rule_gates *gates, enum cel_test test, const struct value *constants,
                    uint32_t count, uint32_t rule);

/* After the last one was added. */
void rule_gates_seal(struct rule_gates *gates);

/* Marks rules by the term's value; NULL: all are open. */
void rule_gates_mark(const struct rule_gates *gates, const struct value *value,
                     const struct rule_marks *marks);

#endif
