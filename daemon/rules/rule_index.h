/*
 * The rules of one event type, arranged so that only those are asked that may
 * match: most are found by one predicate of their condition (its gate), such as
 * `order.status == "paid"`, and what several conditions have in common is
 * evaluated once. The answers are the same as if each rule were asked in turn.
 */
#ifndef NUDGED_RULES_RULE_INDEX_H
#define NUDGED_RULES_RULE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "rules/condition.h"
#include "rules/rule.h"

struct rule_index;

/* A rule that answered other than CONDITION_FALSE. */
struct rule_answer {
    const struct rule *rule;
    enum condition_answer answer;
    /* Of CONDITION_FAILED; static or in the arena. What several rules ask, it names as one
     * of them writes it: order.total, order["total"]. */
    const char *fault;
};

enum { RULE_NEAR_MOST = 6 };

/* Rules that are false, and came near to being true: they passed their gates. The first of them. */
struct rule_near {
    const struct rule *rules[RULE_NEAR_MOST];
    uint32_t count;
};

/* In the arena; the rules are not copied, their order is kept. `plain`: every rule is asked in
 * turn, which is what the index is compared with. */
struct rule_index *rule_index_new(struct arena *arena, const struct rule *const *rules,
                                  uint32_t count, bool plain);

const struct rule *const *rule_index_rules(const struct rule_index *index, uint32_t *count);

/* Asks the conditions of all rules; those that are not false, in the rules' order. Rules
 * without a condition, and those that are not enabled, are true. `near`: NULL, or told too. */
const struct rule_answer *rule_index_ask(const struct rule_index *index,
                                         const struct condition_view *view, struct arena *arena,
                                         uint32_t *count, struct rule_near *near);

#endif
