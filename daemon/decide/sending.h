/*
 * What journeys want to send. It is gathered at first; then all wants of one event, or of one
 * moment, are asked about together. One that must wait, for the end of quiet hours or for room
 * in the outbox, stays at its step.
 */
#ifndef NUDGED_DECIDE_SENDING_H
#define NUDGED_DECIDE_SENDING_H

#include <stdbool.h>

#include "decide/deciding.h"

enum sending_next {
    SENDING_GOES_ON, /* it is wanted, or passed over, and the journey moves on */
    SENDING_WAITS,   /* the journey waits at the step */
    SENDING_STOPS,   /* the customer is held out: sending_grant says whether it goes on */
};

/* A journey that has stopped at a send, and goes on behind it. */
struct sending_stopped {
    const struct rule *rule;
    uint32_t at; /* number of the step behind */
    struct customer_journey journey;
};

/* A journey is at a send. */
enum sending_next sending_try(struct deciding *d, const struct rule *rule,
                              const struct rule_step *step, struct customer_journey *journey);

/* Whether the outbox has room for a send of the journey, besides all that is wanted already. */
bool sending_has_room(const struct deciding *d, enum rule_class class,
                      const struct customer_journey *journey);

/* A step of the journey is about to act: what is wanted so far is made as things are now, as
 * nothing that is sent sees what was set behind it. False: one of the journey's own cannot be made,
 * and the journey is over. */
bool sending_make_wanted(struct deciding *d, const struct customer_journey *journey);

/* Asks the policy about all that is wanted, best priority first: the best message gets the last
 * place under a cap. A journey whose message cannot be made is dropped. Of those that have stopped,
 * the ones whose send was refused are in *stopped, and go on; gives how many. The others are over:
 * the customer is held out. */
uint32_t sending_grant(struct deciding *d, struct sending_stopped **stopped);

/* Why a message of an earlier decision, of that journey and to that address (NULL: none is known),
 * must not be sent after all; NONE: it may. */
enum trace_why sending_refusal(const struct deciding *d, const struct rule *rule,
                               const struct customer_journey *journey, const char *to);
/* Counts such a message as one that is sent now, and may be withdrawn. */
void sending_count(struct deciding *d, const struct rule *rule,
                   const struct customer_journey *journey, const char *mid, int64_t give_up_ms);

#endif
