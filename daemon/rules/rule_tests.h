/*
 * What the conditions of one event type's rules have in common: the terms and
 * tests of all their formulas (cel/cel_formula), each only once, and each
 * evaluated at most once for one event, when it is first needed.
 */
#ifndef NUDGED_RULES_RULE_TESTS_H
#define NUDGED_RULES_RULE_TESTS_H

#include <stdint.h>

#include "base/arena.h"
#include "cel/cel_formula.h"

struct rule_test {
    uint32_t term; /* its number */
    uint32_t count;
    uint8_t test; /* enum cel_test */
    const struct value *constants;
};

struct rule_tests;

struct rule_tests *rule_tests_new(struct arena *arena);
/* Ends the adding: frees what only that needed. */
void rule_tests_seal(struct rule_tests *tests);

/* Adds a formula; returns by which number it is asked. Nothing of the formula needs to
 * stay but the programs of its terms. */
uint32_t rule_tests_add(struct rule_tests *tests, const struct cel_formula *formula);

/* A part of a formula. Its own parts begin behind it, and each ends where the next one
 * begins, up to `end`. What the most frequent tests need stands here, close together. */
struct rule_tests_node {
    uint8_t kind; /* enum cel_formula_kind */
    uint8_t test; /* enum cel_test */
    uint32_t end;
    uint32_t number, term; /* of the test */
    double bound;          /* of tests that compare with a number */
};
const struct rule_tests_node *rule_tests_node(const struct rule_tests *tests, uint32_t at);
const struct rule_test *rule_tests_at(const struct rule_tests *tests, uint32_t test);
uint32_t rule_tests_count(const struct rule_tests *tests);
uint32_t rule_tests_terms(const struct rule_tests *tests);
const struct cel_term *rule_tests_term(const struct rule_tests *tests, uint32_t term);

/* One event. */
struct rule_tests_run;

/* In the arena. `input` must stay. */
struct rule_tests_run *rule_tests_begin(const struct rule_tests *tests,
                                        const struct cel_input *input, struct arena *arena);

/* A term's value; NULL where it is open. */
const struct value *rule_tests_value(struct rule_tests_run *run, uint32_t term);

/* The formula's answer. Where it is open, *fault is why the program fails, or NULL: it must
 * be asked itself. */
enum cel_answer rule_tests_ask(struct rule_tests_run *run, uint32_t formula, const char **fault);

#endif
