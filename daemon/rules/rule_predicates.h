/*
 * What the conditions of one event type's rules have in common: the terms and
 * predicates of all their formulas (cel/cel_formula), each only once, and each
 * evaluated at most once for one event, when it is first needed.
 */
#ifndef NUDGED_RULES_RULE_PREDICATES_H
#define NUDGED_RULES_RULE_PREDICATES_H

#include <stdint.h>

#include "base/arena.h"
#include "cel/cel_formula.h"

struct rule_predicate {
    uint32_t term; /* its number */
    uint32_t count;
    uint8_t kind; /* enum cel_predicate */
    const struct value *constants;
};

struct rule_predicates;

struct rule_predicates *rule_predicates_new(struct arena *arena);
/* Ends the adding: frees what only that needed. */
void rule_predicates_seal(struct rule_predicates *predicates);

/* Adds a formula; returns by which number it is asked. Nothing of the formula needs to
 * stay but the programs of its terms. */
uint32_t rule_predicates_add(struct rule_predicates *predicates, const struct cel_formula *formula);

/* A part of a formula. Its own parts begin behind it, and each ends where the next one
 * begins, up to `end`. What the most frequent predicates need stands here, close
 * together. */
struct rule_predicates_node {
    uint8_t kind;      /* enum cel_formula_kind */
    uint8_t predicate; /* enum cel_predicate */
    uint32_t end;
    uint32_t number, term; /* of the predicate */
    double bound;          /* of those that compare with a number */
};
const struct rule_predicates_node *rule_predicates_node(const struct rule_predicates *predicates,
                                                        uint32_t at);
const struct rule_predicate *rule_predicates_at(const struct rule_predicates *predicates,
                                                uint32_t number);
uint32_t rule_predicates_count(const struct rule_predicates *predicates);
uint32_t rule_predicates_terms(const struct rule_predicates *predicates);
const struct cel_term *rule_predicates_term(const struct rule_predicates *predicates,
                                            uint32_t term);

/* One event. */
struct rule_predicates_run;

/* In the arena. `input` must stay. */
struct rule_predicates_run *rule_predicates_begin(const struct rule_predicates *predicates,
                                                  const struct cel_input *input,
                                                  struct arena *arena);

/* A term's value; NULL where it is unknown. */
const struct value *rule_predicates_value(struct rule_predicates_run *run, uint32_t term);

/* Why a term whose value was asked for is unknown; NULL where it is not, or takes too much work. */
const char *rule_predicates_fault(struct rule_predicates_run *run, uint32_t term);

/* The formula's answer. Where it is unknown, *fault is why the program fails, or NULL: it must
 * be asked itself. */
enum cel_answer rule_predicates_ask(struct rule_predicates_run *run, uint32_t formula,
                                    const char **fault);

#endif
