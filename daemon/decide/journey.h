/*
 * A journey moves: from step to step until it sends, waits or ends. What a
 * send means is not decided here.
 */
#ifndef NUDGED_DECIDE_JOURNEY_H
#define NUDGED_DECIDE_JOURNEY_H

#include "customer/customer.h"
#include "rules/condition.h"
#include "rules/rule.h"

enum journey_move {
    JOURNEY_SENDS, /* *step is a send; go on behind it */
    JOURNEY_WAITS, /* journey->step and deadline_ms say for what and until when */
    JOURNEY_ENDS,  /* no step is left, or `stop` */
    JOURNEY_FAILS, /* an expression failed: *fault says why */
};

/* Moves on from step number *at, which is updated. */
enum journey_move journey_move(const struct rule *rule, uint32_t *at,
                               struct customer_journey *journey,
                               const struct condition_scene *scene, struct arena *arena,
                               const struct rule_step **step, const char **fault);

enum { JOURNEY_NEWER_MOST_MS = 60000 };

/* Rules newer than those of `since_ms` have touched it: it is left to a daemon that has them, until
 * so long after its deadline. Then there is none any more (or a clock was set back since), and
 * whoever is there goes on with it. */
bool journey_is_left(const struct customer_journey *journey, int64_t since_ms, int64_t now_ms);

/* Leaves the journey waiting at a step until a time; `imposed`: by policy, not by its rule. */
void journey_wait_at(struct customer_journey *journey, const struct rule_step *step,
                     int64_t until_ms, bool imposed);

enum { JOURNEY_LATE_MS = 60000 };

/* Whether a step that is done now comes so long after its time that the next wait counts from
 * now: after downtime the steps of a journey keep their distances. */
bool journey_is_late(const struct customer_journey *journey, int64_t now_ms);

/* Asks the branches in which step number *at stands, the outermost first. FALSE: one of them is not
 * to be entered now, and *at is the step behind it, behind its `else` too. FAILED: *step is that
 * branch, *fault says why. */
enum condition_answer journey_ask_branches(const struct rule *rule, uint32_t *at,
                                           const struct condition_scene *scene, struct arena *arena,
                                           const struct rule_step **step, const char **fault);

#endif
