/*
 * A run sends each of its steps once, whatever an edit makes of their order: a journey remembers
 * the sends that it did by their steps' ids, and passes over one of them that it meets again.
 */
#ifndef NUDGED_DECIDE_ONCE_H
#define NUDGED_DECIDE_ONCE_H

#include <stdbool.h>

#include "base/arena.h"
#include "customer/customer.h"

/* The newest of a journey's sends that are remembered; a rule has hardly ever as many. */
enum { ONCE_MOST = 64 };

void once_remember(struct arena *arena, struct customer_journey *journey, const char *step);
bool once_was_sent(const struct customer_journey *journey, const char *step);

#endif
