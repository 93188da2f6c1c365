/* Where a customer stands in the index of clocks: a zone, and a place within every spread. */
#ifndef NUDGED_EVENTS_ZONES_H
#define NUDGED_EVENTS_ZONES_H

#include "base/arena.h"
#include "customer/customer.h"

/* What the shop's zone is called there: customers without a zone of their own are in it, also when
 * it is another by then. */
extern const char zones_shop[];

/* The customer's zone, as the index calls it; may lie in the arena. */
const char *zones_of(const struct customer *customer, struct arena *arena);

#endif
