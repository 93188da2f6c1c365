/*
 * A decision: what decide() has made of a customer's events and deadlines, for events/ to commit.
 * It is put together here; what was added may be taken back as long as nobody has seen it.
 */
#ifndef NUDGED_DECIDE_DECISION_H
#define NUDGED_DECIDE_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "customer/customer.h"
#include "decide/acts.h"
#include "decide/decision_items.h"
#include "decide/policy.h"
#include "decide/room.h"
#include "rules/lookups.h"

struct decision {
    struct decision_message *messages;
    uint32_t message_count, message_capacity;
    struct decision_withdrawal *withdrawn;
    uint32_t withdrawn_count, withdrawn_capacity;
    struct decision_postponed *postponed;
    uint32_t postponed_count, postponed_capacity;
    struct decision_dead *dead;
    uint32_t dead_count, dead_capacity;
    struct value *trace; /* one map for each event, and one for the timer */
    uint32_t trace_count, trace_capacity;
    struct decision_said *said; /* in the order in which it was said */
    uint32_t said_count, said_capacity;
    const char **erased; /* keys under which all that there is of the customer goes */
    uint32_t erased_count, erased_capacity;
    struct decision_emit *emits; /* about other customers, in their order */
    uint32_t emit_count, emit_capacity;
    struct decision_watch *watches; /* in the order in which they were said */
    uint32_t watch_count, watch_capacity;
    bool bare;          /* nothing is known of the customer: there is no document to keep */
    bool quiet;         /* ticks alone, and nothing came of them that is to be kept */
    const char **needs; /* origins of starts that it must see: nothing is decided without them */
    uint32_t need_count, need_capacity;
    const struct lookups_question *lookups; /* entries of tables that it must see, likewise */
    uint32_t lookup_count;
    int64_t deadline_ms;           /* the earliest of the running journeys; 0: none */
    int64_t last_deadline_ms;      /* the latest; 0: none */
    bool left;                     /* something that is due is left to another daemon */
    int64_t full_ms[ROOM_CLASSES]; /* since when sends wait for room, by enum rule_class; 0: none */
    bool full;                     /* some do, or did: whoever commits tells the queues */
    struct decision_halt *halts;   /* each rule once */
    uint32_t halt_count, halt_capacity;
    struct decision_halted *halted;
    uint32_t halted_count, halted_capacity;
    const char **brakes; /* rules that are paused by this, as policy.brake is reached */
    uint32_t brake_count, brake_capacity;
    struct decision_counts counts;
    const char **started; /* rules, one for each journey that began; not copied */
    uint32_t started_count, started_capacity;
    struct acts acts; /* of rules, in their order */
};

void decision_add_message(struct decision *decision, struct arena *arena,
                          const struct decision_message *message);
/* Takes a message of this very decision back; false where it is not among them. */
bool decision_take_back(struct decision *decision, const char *mid);
/* A message of an earlier decision must not be sent; `mid` is not copied. */
void decision_withdraw(struct decision *decision, struct arena *arena, const char *mid,
                       enum customer_place place, enum trace_why why);
/* It may be sent after all: what a sender has or had of it is not to be ended. False where this
 * decision did not want that. */
bool decision_lift(struct decision *decision, const char *mid);

/* `mid` is not copied. */
void decision_postpone(struct decision *decision, struct arena *arena, const char *mid,
                       int64_t at_ms);

/* A dead letter about a journey of the customer, at a step. No text is copied. */
void decision_add_dead(struct decision *decision, struct arena *arena,
                       const struct customer *customer, const struct customer_journey *journey,
                       const char *step, enum trace_reason reason, const char *detail);

/* Likewise about what was said of the customer (a map) and is not kept. */
void decision_add_unsaid(struct decision *decision, struct arena *arena,
                         const struct customer *customer, struct value said,
                         enum trace_reason reason, const char *detail);

/* An event that could not be made: a dead letter about the customer of that key. */
void decision_add_unmade(struct decision *decision, struct arena *arena, struct value event,
                         const char *key, enum trace_reason reason, const char *detail);

/* An event about another customer, who is assumed to be known. */
void decision_add_emit(struct decision *decision, struct arena *arena, const char *key,
                       struct value event);
/* The same assumption alone, where something else was decided by it. */
void decision_assume_known(struct decision *decision, struct arena *arena, const char *key);

void decision_add_said(struct decision *decision, struct arena *arena,
                       const struct decision_said *said);
void decision_add_watch(struct decision *decision, struct arena *arena,
                        const struct decision_watch *watch);
/* `key` is not copied. */
void decision_add_erased(struct decision *decision, struct arena *arena, const char *key);

/* Whether it is none yet. */
static inline bool decision_has_needs(const struct decision *decision)
{
    return decision->need_count || decision->lookup_count;
}
/* The start of that origin must be read first; not copied. */
void decision_need(struct decision *decision, struct arena *arena, const char *origin);

/* A journey of the rule has begun. */
void decision_add_started(struct decision *decision, struct arena *arena, const char *rule);

/* A finished line of the trace. */
void decision_add_trace(struct decision *decision, struct arena *arena, struct value line);

#endif
