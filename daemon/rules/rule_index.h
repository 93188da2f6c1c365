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

/* Rules that failed alike: each asks for one thing only, which is not there. In their order. */
struct rule_failures {
    const struct rule *const *rules;
    uint32_t count;
    const char *fault; /* likewise */
};

struct rule_answers {
    const struct rule_answer *items; /* in the rules' order, but for the failures */
    uint32_t count;
    const struct rule_failures *failures;
    uint32_t failure_count;
    const struct rule *const *refusals; /* false, and `again: restart`; in their order */
    uint32_t refusal_count;
};

enum { RULE_NEAR_MOST = 6, RULE_FALSES_MOST = RULE_NEAR_MOST + 32 };

/* Some of the rules that are false: first those that came near to being true, as they passed their
 * gates (at most RULE_NEAR_MOST), then others, both in their order. */
struct rule_falses {
    const struct rule *rules[RULE_FALSES_MOST];
    uint32_t count;
    uint32_t all; /* how many are false */
};

/* In the arena; the rules are not copied, their order is kept. `plain`: every rule is asked in
 * turn, which is what the index is compared with. */
struct rule_index *rule_index_new(struct arena *arena, const struct rule *const *rules,
                                  uint32_t count, bool plain);

/* Asks the conditions of all rules. Rules without a condition, and those that are not enabled,
 * are true. The answer is in the arena. `falses`: NULL, or told too. */
const struct rule_answers *rule_index_ask(const struct rule_index *index,
                                          const struct condition_view *view, struct arena *arena,
                                          struct rule_falses *falses);

#endif
