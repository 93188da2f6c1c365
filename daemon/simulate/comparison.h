/*
 * Two simulations of the same history: what the second sends more and fewer, by rule and in all, to
 * whom, and why the other did not. A message counts as the same where the same rule sent as many to
 * the same person, whenever that was.
 */
#ifndef NUDGED_SIMULATE_COMPARISON_H
#define NUDGED_SIMULATE_COMPARISON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "simulate/budget.h"
#include "simulate/simulation.h"

enum { COMPARISON_EXAMPLES = 3 };

/* A message that only one of them sends. */
struct comparison_example {
    const char *customer;
    int64_t at_ms;
    const struct people_rule *other; /* what the rule meant to them in the other; NULL: nothing */
};

struct comparison_examples {
    struct comparison_example items[COMPARISON_EXAMPLES]; /* the earliest */
    uint32_t count;
};

struct comparison_rule {
    const char *name;
    bool is_old, is_new; /* which of them has it */
    uint64_t before, after;
    uint64_t more, fewer, both; /* messages */
    struct comparison_examples gained, lost;
};

struct comparison_people {
    uint64_t before, after; /* how many are */
    uint64_t newly, no_longer;
};

struct comparison {
    struct comparison_rule *rules; /* the new order, then those that are only old; in the arena */
    uint32_t rule_count;
    struct comparison_rule all; /* without a name and examples */
    uint64_t gained, lost;      /* messages that people get more and fewer, by whichever rule */
    struct comparison_people reached, over;
    struct comparison_examples newly_over; /* when they got their first message; `other` NULL */
};

/* `span`: of people_options; over: who got more than `most` messages within it. */
void comparison_make(struct comparison *comparison, const struct simulation *old,
                     const struct simulation *new, uint32_t span, uint32_t most,
                     struct arena *arena);

/* How many people are over in the new one and were not in the old one, and so on. */
struct comparison_people comparison_over(const struct simulation *old, const struct simulation *new,
                                         uint32_t span, uint32_t most);

/* By how much it goes: messages or people; and whether that is within the budget. */
bool comparison_is_within(const struct comparison *comparison, const struct budget_item *item,
                          const struct comparison_people *over, uint64_t *used);

#endif
