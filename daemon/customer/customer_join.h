/*
 * Two documents that prove to be one person's become one. Plain data: what follows from it for
 * journeys and messages is decided by decide/joining.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_JOIN_H
#define NUDGED_CUSTOMER_CUSTOMER_JOIN_H

#include "base/arena.h"
#include "customer/customer.h"

/* Takes all that `other` holds into `customer`, which refers to it from then on. Of the profile the
 * newer event's word stands, of each opt-out the newest; counts and totals add up; ids
 * of events, keys and remembered ends unite, within their bounds. Sends, open messages and journeys
 * are added, however many they become. */
void customer_join(struct arena *arena, struct customer *customer, const struct customer *other);

#endif
