/*
 * A journey moves: from step to step until it sends, waits or ends. What a
 * send means is not decided here.
 */
#ifndef NUDGED_DECIDE_JOURNEY_H
#define NUDGED_DECIDE_JOURNEY_H

#include "customer/customer.h"
#include "decide/trace_words.h"
#include "rules/condition.h"
#include "rules/other_sets.h"
#include "rules/ruleset.h"

enum journey_move {
    JOURNEY_SENDS,  /* *step is a send; go on behind it */
    JOURNEY_SETS,   /* *step is a set, likewise */
    JOURNEY_EMITS,  /* *step is an emit, likewise */
    JOURNEY_WAITS,  /* journey->step and deadline_ms say for what and until when */
    JOURNEY_SKIPS,  /* *step is a branch whose `if` is false: go on at its `else`, or behind it */
    JOURNEY_SHARES, /* *step is a split: go on at the customer's share */
    JOURNEY_PASSES, /* *step is a wait for a time that has passed: go on, maybe behind the step
                       behind it */
    JOURNEY_ENDS,   /* no step is left, or `stop` */
    JOURNEY_FAILS,  /* an expression failed: *fault says why */
};

/* Moves on from step number *at, which is updated. */
enum journey_move journey_move(const struct rule *rule, uint32_t *at,
                               struct customer_journey *journey,
                               const struct condition_scene *scene, struct arena *arena,
                               const struct rule_step **step, const char **fault);

/* The customer's share of a split: for ever the same; and their place among all. */
const struct rule_share *journey_share(const struct rule_step *split,
                                       const struct customer *customer, uint32_t *place);

/* Why the journey cannot go on under these rules: RULE_REMOVED, DISABLED, RULE_CHANGED; NONE: it
 * can, by *rule at step number *at. */
enum trace_why journey_lost(const struct ruleset *rules, const struct customer_journey *journey,
                            const struct rule **rule, uint32_t *at);

/* Whether it is left to another living daemon: to one that can go on with it, where these rules
 * cannot; to one with newer rules that can, where newer ones than these have touched it. Where no
 * such daemon lives, it is not. Where these rules cannot go on with it, and rules touched it that
 * are yet to be heard of, it is left too, for a while. */
bool journey_is_left(const struct ruleset *rules, const struct other_sets *others,
                     const struct customer_journey *journey, int64_t now_ms);

/* Leaves the journey waiting at a step until a time; `imposed`: by policy, not by its rule. */
void journey_wait_at(struct customer_journey *journey, const struct rule_step *step,
                     int64_t until_ms, bool imposed);

enum { JOURNEY_LATE_MS = 60000 };

/* Whether a step that is done now comes so long after its time that the next wait counts from
 * now: after downtime the steps of a journey keep their distances. */
bool journey_is_late(const struct customer_journey *journey, int64_t now_ms);

/* Asks the branches in which step number *at stands, the outermost first; a split is for ever the
 * same, and not asked. FALSE: one of them is not
 * to be entered now, and *at is the step behind it, behind its `else` too. FAILED: *step is that
 * branch, *fault says why. */
enum condition_answer journey_ask_branches(const struct rule *rule, uint32_t *at,
                                           const struct condition_scene *scene, struct arena *arena,
                                           const struct rule_step **step, const char **fault);

#endif
