/* What a decision is a list of: an item of each of decide/decision's. */
#ifndef NUDGED_DECIDE_DECISION_ITEMS_H
#define NUDGED_DECIDE_DECISION_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "customer/customer.h"
#include "decide/policy.h"
#include "decide/trace_reasons.h"
#include "decide/trace_words.h"
#include "rules/rule.h"

struct decision_message {
    const char *mid;
    const struct rule *rule;
    const struct rule_step *step;
    const char *run; /* under which the run has its code of step->code; NULL: it has none */
    struct policy_address address; /* assumed not to be suppressed */
    int64_t give_up_ms;
    struct value body; /* map: what is stored as P:message:<mid> and rendered; docs/redis.md */
};

/* A message of an earlier decision that must not be sent any more, or, where it is assumed to be
 * gone, that nobody need remember. */
struct decision_withdrawal {
    const char *mid;
    enum customer_place place; /* where it is assumed to be */
    enum trace_why why;
};

/* A message that waits for its next try, and must not be tried before. */
struct decision_postponed {
    const char *mid;
    int64_t at_ms;
};

struct decision_emit {
    const char *key;    /* of the customer */
    struct value event; /* map, as it is to stand in the stream; null: none is made after all */
};

struct decision_dead {
    const char *kind; /* "journey", "customer", "event" */
    const char *own;  /* of an event that nudged made: the key of its customer; else NULL */
    enum trace_reason reason;
    const char *detail;
    struct value body; /* map */
};

enum decision_word { DECISION_NO, DECISION_YES, DECISION_ERASED };

/* What P:said learns under a name: the short hash of a key or of a mailbox. */
struct decision_said {
    const char *name;
    enum decision_word word;
    const char *topic; /* "all" is all; of an erasure the identity of its event */
    int64_t at_ms;
};

/* What the customer said of a product: they watch it, or not any more. */
struct decision_watch {
    const char *product;
    bool added;
    int64_t at_ms;
};

/* Of a rule: whether it is assumed to be paused. */
struct decision_halt {
    const char *rule;
    bool halted;
};

/* Since when sends of a rule wait, as it is paused, of a customer by that key; 0: none does. */
struct decision_halted {
    const char *rule, *key;
    int64_t since_ms;
};

struct decision_counts {
    uint32_t decided, duplicate, differs, refused, failed, erased,
        nobody; /* `differs`: of `duplicate` */
};

#endif
