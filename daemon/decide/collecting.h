/*
 * Journeys of rules that say `again: collect`: a new match joins the one that runs. What joined,
 * the start too, is kept by its origin, and its data stand apart, as starts do.
 */
#ifndef NUDGED_DECIDE_COLLECTING_H
#define NUDGED_DECIDE_COLLECTING_H

#include <stdbool.h>

#include "customer/customer_journey.h"
#include "decide/deciding.h"

/* A journey that begins with the event has collected that. */
void collecting_begin(const struct deciding *d, struct customer_journey *journey);

/* The event joins the journey: in the order of their times, past CUSTOMER_COLLECTED_MOST or
 * CUSTOMER_COLLECTED_BYTES the oldest goes. False: the document has no room for it. */
bool collecting_add(struct deciding *d, struct customer_journey *journey);

/* All that another journey has collected joins it: two keys proved to be one person. */
void collecting_join(struct deciding *d, struct customer_journey *journey,
                     const struct customer_journey *other);

#endif
