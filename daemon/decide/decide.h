/*
 * The heart: (rules, policy, customer, events, facts, now) gives (customer,
 * messages, withdrawals, dead letters, deadline, trace). No I/O, no clock, no
 * globals: the daemon, rule tests, simulation and explain call the same
 * function, and the same input gives the same output.
 */
#ifndef NUDGED_DECIDE_DECIDE_H
#define NUDGED_DECIDE_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "customer/customer.h"
#include "customer/shop_event.h"
#include "decide/policy.h"
#include "rules/ruleset.h"

struct decide_input {
    const struct ruleset *rules;
    const struct policy *policy;
    struct customer *customer; /* changed in place: read it anew to decide again */
    const struct shop_event *const *events;
    size_t event_count;
    const struct policy_facts *facts; /* may be NULL: nothing suppressed, nothing taken */
    int64_t due_ms;                   /* journeys with a deadline up to here go on; 0: none */
    int64_t now_ms;                   /* Redis' clock */
};

struct decide_message {
    const char *mid;
    const struct rule *rule;
    const struct rule_step *step;
    const char *address_hash; /* assumed not to be suppressed */
    int64_t give_up_ms;
    struct value body; /* map: what is stored as P:message:<mid> and rendered; docs/redis.md */
};

struct decide_dead {
    const char *reason; /* "error", "too-many-journeys" */
    const char *detail;
    struct value body; /* map */
};

struct decide_counts {
    uint32_t decided, duplicate, refused, failed;
};

struct decision {
    struct decide_message *messages;
    uint32_t message_count, message_capacity;
    const char **withdrawn; /* mids assumed not yet to be taken */
    uint32_t withdrawn_count, withdrawn_capacity;
    struct decide_dead *dead;
    uint32_t dead_count, dead_capacity;
    struct value *trace; /* one map for each event, and one for the timer */
    uint32_t trace_count, trace_capacity;
    int64_t deadline_ms;      /* the earliest of the running journeys; 0: none */
    int64_t last_deadline_ms; /* the latest; 0: none */
    struct decide_counts counts;
};

/* All of the decision lies in the arena and in what the input refers to. */
void decide(const struct decide_input *input, struct arena *arena, struct decision *decision);

#endif
