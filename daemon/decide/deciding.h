/*
 * A decision under way: what an event and a deadline both do with a customer's journeys. They
 * move on until they wait or end; what they want to send is gathered, then granted or refused
 * together; what is in the outbox is withdrawn. Each step is kept at once in the customer's
 * document, the decision and the trace.
 */
#ifndef NUDGED_DECIDE_DECIDING_H
#define NUDGED_DECIDE_DECIDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "customer/customer.h"
#include "customer/shop_event.h"
#include "decide/decision.h"
#include "decide/policy.h"
#include "decide/trace.h"
#include "rules/condition.h"
#include "rules/ruleset.h"

/* Of decide/words. */
struct deciding_words {
    const struct said_text *records; /* as they were read */
    size_t record_count;
    const char *const *known; /* names that have been told what stands; NULL-terminated */
    bool is_told;             /* in this decision: the records as read are of the past */
    int64_t erased_ms;        /* what is older is dropped; 0: nothing */
    const char *erasure;      /* the identity of the event that said so */
};

struct deciding {
    /* What it is decided by, as in struct decide_input. */
    const struct ruleset *rules;
    const struct policy *policy;
    const struct policy_facts *facts;
    const struct other_sets *others;
    int64_t now_ms;

    struct arena *arena;
    struct customer *customer;
    struct decision *decision;
    const struct shop_event *event; /* NULL at a deadline */
    struct trace trace;             /* the line of this event, or of all deadlines */
    bool effect;                    /* the event did something worth remembering its id for */
    struct deciding_until *untils;  /* conditions of rules that are not here, compiled */
    struct deciding_want *wants;    /* what journeys want to send, not granted yet */
    uint32_t want_count, want_capacity;
    struct deciding_words words;
};

/* What an expression sees: of a journey (NULL: none) and of the event. */
struct condition_scene deciding_scene(const struct deciding *d,
                                      const struct customer_journey *journey);

/* Starts a journey of the rule from the event, and lets it move on. */
void deciding_start(struct deciding *d, const struct rule *rule);

/* Lets a journey move on from step number `at`. True: it waits, and journey->step and deadline_ms
 * say for what. False: it is over; who has it in the document drops it. */
bool deciding_move(struct deciding *d, const struct rule *rule, uint32_t at,
                   struct customer_journey *journey);

/* Likewise of one whose deadline has come. After a wait that policy imposed, or that ends late, the
 * branches in which it stands are asked again: one that is not to be entered now is passed over. */
bool deciding_go_on(struct deciding *d, const struct rule *rule, uint32_t at,
                    struct customer_journey *journey);

/* Whether the outbox has room for a send of the journey, besides all that is wanted already. */
bool deciding_has_room(const struct deciding *d, enum rule_class class,
                       const struct customer_journey *journey);

/* Ends a journey of the document before its last step, and withdraws what it has in the outbox. */
void deciding_end(struct deciding *d, uint32_t index, enum trace_why why);

/* Withdraws an open message of the document; one that a sender has is marked, and ends when it
 * comes back undelivered. */
void deciding_withdraw(struct deciding *d, uint32_t index, enum trace_why why);

/* Forgets open messages that are gone, where there are many. */
void deciding_let_go(struct deciding *d);

/* What ends the journey of a rule that is here, for who has it not. */
struct customer_until deciding_until(const struct rule *rule);
/* The condition, compiled from its source; false where it is none. NULL is none, and true. */
bool deciding_until_condition(struct deciding *d, const char *source,
                              struct cel_program **condition);

/* Asks the policy about all that journeys want to send, best priority first: the best message
 * gets the last place under a cap. A journey whose message cannot be made is dropped. */
void deciding_grant(struct deciding *d);

#endif
