/*
 * The heart: (rules, policy, customer, events, facts, now) gives (customer,
 * messages, withdrawals, dead letters, deadline, trace). No I/O, no clock, no
 * globals: the daemon, rule tests, simulation and explain call the same
 * function, and the same input gives the same output.
 */
#ifndef NUDGED_DECIDE_DECIDE_H
#define NUDGED_DECIDE_DECIDE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "customer/customer.h"
#include "customer/said.h"
#include "customer/shop_event.h"
#include "decide/decision.h"
#include "decide/policy.h"
#include "rules/ruleset.h"

/* A start that was read because a decision needed it. */
struct decide_start {
    const char *origin;
    struct value event; /* map; null: it is not there */
};

/* A tick of a rule's clock at which the customer is to be asked. */
struct decide_tick {
    const char *rule;
    const char *name;  /* as of rule_tick: by it the rule asks a customer once */
    int64_t time_ms;   /* the tick itself: what conditions see as event.time */
    int64_t moment_ms; /* the customer's own turn within the spread: from here waits count, and by
                          it the tick is compared with events */
};

struct decide_input {
    const struct ruleset *rules;
    const struct policy *policy;
    struct customer *customer;            /* changed in place: read it anew to decide again */
    const struct customer *const *joined; /* what is known of them under other keys */
    size_t joined_count;
    const struct shop_event *const *events;
    size_t event_count;
    const struct said_text *records; /* of P:said, under the customer's keys */
    size_t record_count;
    const struct decide_start *starts; /* those that earlier tries needed */
    size_t start_count;
    const struct lookups_answer *lookups; /* likewise entries of tables */
    size_t lookup_count;
    bool lookups_last;                /* no more of them can be read: a further one fails */
    const struct value *tables;       /* in their place all tables, a map of maps; NULL: none */
    const struct policy_facts *facts; /* may be NULL: nothing suppressed, nothing taken */
    const struct other_sets *others;  /* may be NULL: this daemon is alone */
    const struct decide_tick *ticks;  /* in the order of their moments */
    size_t tick_count;
    bool bare;      /* nobody reads the bodies of messages: they have what may fail, and no more */
    bool silent;    /* nobody reads the trace: there is none */
    int64_t due_ms; /* journeys with a deadline up to here go on; 0: none */
    int64_t now_ms; /* Redis' clock */
};

/* Where the decision has needs (decision_has_needs) it is none yet: read the customer anew, and
 * decide with these starts and entries too. All of the decision lies in the arena and in what the
 * input refers to. */
void decide(const struct decide_input *input, struct arena *arena, struct decision *decision);

#endif
