/*
 * Journeys of a decision start, move on until they wait or are over, and end. The steps
 * themselves are decide/journey's.
 */
#ifndef NUDGED_DECIDE_MOVING_H
#define NUDGED_DECIDE_MOVING_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/deciding.h"

/* Starts a journey of the rule from the event, for that value of its `per`, and lets it move on. */
void moving_start(struct deciding *d, const struct rule *rule, const char *per);

/* Lets a journey of the document go on at step number `at`, as its deadline has come. After a wait
 * that policy imposed, or that ends late, the branches in which it stands are asked again: one that
 * is not to be entered now is passed over. True: it waits, and journey->step and deadline_ms say
 * for what. False: it is over, and the caller drops it. */
bool moving_go_on(struct deciding *d, const struct rule *rule, uint32_t at,
                  struct customer_journey *journey);

/* What journeys want to send is granted or refused; those that stopped for it go on, and what they
 * want then likewise. */
void moving_grant(struct deciding *d);

/* Ends a journey of the document before its last step, and withdraws what it has in the outbox. The
 * item of the trace that says so. */
struct value moving_end(struct deciding *d, uint32_t index, enum trace_why why);

/* A journey that is not kept becomes a dead letter: TOO_MANY_JOURNEYS, TOO_LARGE. */
void moving_refuse(struct deciding *d, const struct customer_journey *journey, enum trace_why why);

#endif
