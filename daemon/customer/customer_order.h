/*
 * The order of a customer's events: by the times that the shop gave, and of the same millisecond by
 * their entries, whichever was decided first. Mostly that is the order of deciding; where a daemon
 * died over an entry, or hung, a later one may be decided before it. Then the earlier is compared
 * by a time that is a millisecond older, wherever times of events are compared: for profile,
 * consent, ends, starts and counts alike.
 *
 * For that stand with the customer the newest few of the events that an earlier entry may still tie
 * with (struct customer_moment).
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_ORDER_H
#define NUDGED_CUSTOMER_CUSTOMER_ORDER_H

#include <stdint.h>

#include "base/arena.h"
#include "customer/customer_record.h"
#include "customer/shop_event.h"

/* The time by which the event is compared: its own, or an older one, as events that came later have
 * that and were decided. Of an event of no entry its own. */
int64_t customer_order_time(const struct customer *customer, const struct shop_event *event);

/* The event was decided, by that time. */
void customer_order_add(struct arena *arena, struct customer *customer,
                        const struct shop_event *event);

/* Forgets those of which nothing earlier comes any more. */
void customer_order_prune(struct customer *customer, int64_t now_ms);

#endif
