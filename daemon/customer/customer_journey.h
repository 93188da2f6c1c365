/*
 * The shapes of what rules have under way for a customer, in customer/customer_record: journeys,
 * the messages of theirs that may still be withdrawn, and what began and ended them.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_JOURNEY_H
#define NUDGED_CUSTOMER_CUSTOMER_JOURNEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/value.h"
#include "customer/customer_list.h"

/* What ends a journey and withdraws its messages, as its rule had it: for daemons that lack the
 * rule. */
struct customer_until {
    const char *const *types; /* of events, NULL-terminated; NULL: none */
    const char *condition;    /* its source; NULL: none */
};

/* Where an open message is, as Redis has it. */
enum customer_place {
    CUSTOMER_PLACE_WAITS,     /* in the outbox or for a retry; nobody can have got it */
    CUSTOMER_PLACE_HAND,      /* in a sender's hand */
    CUSTOMER_PLACE_UNCERTAIN, /* held, or it waits: and an attempt may have arrived */
    CUSTOMER_PLACE_GONE,      /* delivered, a dead letter, or withdrawn */
};

/* A message that may still be withdrawn. */
struct customer_open {
    const char *mid, *rule, *origin, *topic;
    const char *per;    /* as of customer_journey */
    int64_t started_ms; /* time of the event that started its journey */
    int64_t give_up_ms; /* after that it is no longer anywhere */
    struct customer_until until;
    struct value reads; /* what its condition reads of that event: map `data`; null: nothing; true:
                           too much to be kept */
    bool marketing;
};

/* An event of a journey that collects, its start too: its data stand where starts do. */
struct customer_collected {
    const char *origin;
    int64_t at_ms; /* time of the event */
    int64_t bytes; /* of its data as JSON, about */
};

struct customer_journey {
    const char *rule, *origin; /* `origin` is that of the event that started it */
    const char *per;           /* the value of its rule's `per`; NULL: none */
    const char *step;          /* id of the step to do next */
    int64_t deadline_ms;       /* when */
    int64_t clock_ms;   /* when the step before was due, or done where that was late: the next
                           wait counts from here */
    bool imposed;       /* it waits at its step by policy, not by its rule */
    int64_t started_ms; /* time of the event that started it */
    int64_t rules;      /* number of the rule set that last touched it; 0: not known */
    struct value start; /* that event: map type, id, time, source, data; null: not at hand */
    int64_t full_ms;    /* since when its send waits for room in the outbox; 0: it does not */
    bool marketing;     /* the class of that send */
    struct value given; /* map: list of codes to the mid under which it has one of it; or null */
    struct value sent;  /* list of texts: the sends that it did, as decide/once has them; or null */
    int64_t halted_ms;  /* since when its send waits as its rule is paused; 0: it does not */
    struct customer_until until;
    struct value reads; /* as of customer_open */
    /* Of a wait that goes on at an event, if one comes; none: it does not. */
    struct customer_until or_;
    int64_t since_ms; /* since when that counts */
    const char *met;  /* origin of the event that the last such wait met; NULL: none did yet */
    struct value met_event; /* it; null: not at hand */
    bool waited;            /* the last such wait met its event */
    bool meets;             /* the event that is decided now: not kept */
    int64_t past_ms;        /* the time of the newest wait that was past when it came: not kept */
    /* Of `again: collect`, oldest first; empty: the start alone. */
    CUSTOMER_LIST(struct customer_collected) collected;
};

/* The event that started what runs. It stands apart from the document, in P:starts:<key>, as only
 * later steps read it. */
struct customer_start {
    const char *origin;
    struct value event; /* map; null: not at hand */
    bool stored;        /* it stands in Redis, or stood there; else it is to be written */
    bool gone;          /* it was looked for, and is not there */
};

/* An event that ended what a rule had started before it, whether or not anything ran: an older
 * start that comes later starts nothing. */
struct customer_end {
    const char *rule;   /* "": every rule that such an event may end */
    const char *per;    /* of what value of the rule's `per`; NULL: of all */
    int64_t at_ms;      /* time of the event */
    int64_t until_ms;   /* then an older start is too old for its rule anyway */
    struct value event; /* null: the rule matched no longer; a map, of an event of its `until`:
                           what the condition reads of it; true: nobody knows what it read */
};

/* Whether two values of a rule's `per` are one; NULL is the one value of a rule without it. */
static inline bool customer_journey_same_value(const char *per, const char *other)
{
    return per == other || (per && other && strcmp(per, other) == 0);
}

#endif
