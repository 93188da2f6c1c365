/*
 * A decision under way: what all that takes part in it shares. Each step is kept at once in the
 * customer's document, the decision and the trace.
 */
#ifndef NUDGED_DECIDE_DECIDING_H
#define NUDGED_DECIDE_DECIDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "customer/customer.h"
#include "customer/said.h"
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

/* Of decide/ends: an event that ended what an older one would start. */
struct ends_past {
    int64_t at_ms;    /* 0: there was none */
    const char *type; /* NULL: not known */
};

struct deciding {
    /* What it is decided by, as in struct decide_input. */
    const struct ruleset *rules;
    const struct policy *policy;
    const struct policy_facts *facts;
    const struct other_sets *others;
    bool bare; /* nobody reads the bodies of messages */
    int64_t now_ms;

    struct arena *arena;
    struct customer *customer;
    struct decision *decision;
    const struct shop_event *event; /* NULL at a deadline */
    int64_t own_ms; /* its time, where it is compared by an older one (customer/customer_order) */
    const struct ruleset_type *type; /* what that event's type concerns */
    struct value joined; /* of decide/joining: items of the trace that are not told yet */
    struct trace trace;  /* the line of this event, or of all deadlines */
    bool has_kept;       /* some tick left something to keep */
    int64_t turn_ms;     /* the customer's turn, at ticks; 0: none is decided */
    bool before_turn;    /* what is due goes on, as a turn is decided that comes behind it */
    bool effect;         /* the event did something worth remembering its id for */
    struct carried_condition *compiled; /* of decide/carried */
    struct sending_want *wants;         /* of decide/sending: not granted yet */
    uint32_t want_count, want_capacity;
    struct deciding_words words;
    struct lookups *lookups; /* what lookup() is answered from, and what it must see first */
    const struct shop_event *emitted[32]; /* of decide/emitting: made by rules; NULL: by now on its
                                             way to another customer */
    uint32_t emitted_count, emitted_next;
};

/* What an expression sees: of a journey (NULL: none), and of the event that its last wait met, or
 * else of the one that is decided. */
struct condition_scene deciding_scene(const struct deciding *d,
                                      const struct customer_journey *journey);

/* An expression of the journey's step failed: a dead letter. */
void deciding_fail(struct deciding *d, const struct customer_journey *journey,
                   const struct rule_step *step, const char *fault);

/* The line of the trace that was begun is the decision's, if it tells anything. */
void deciding_end_trace(struct deciding *d);

#endif
