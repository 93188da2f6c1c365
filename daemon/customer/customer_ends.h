/* The ends that are remembered of a customer (struct customer_end), for events that come in
 * another order than they happened. */
#ifndef NUDGED_CUSTOMER_CUSTOMER_ENDS_H
#define NUDGED_CUSTOMER_CUSTOMER_ENDS_H

#include "base/arena.h"
#include "customer/customer_record.h"

/* Remembers one: of those without a condition the newest of each rule and value of its `per`, of
 * such values the newest CUSTOMER_ENDS_OF_RULE (the oldest past that becomes one of all values of
 * its rule); of the others the newest CUSTOMER_ENDS_OF_RULE. Where there are too many of all rules,
 * the oldest becomes one of every rule: nobody is written to who may not be, for silence is the
 * safe side. */
void customer_ends_add(struct arena *arena, struct customer *customer,
                       const struct customer_end *end);

/* Drops those that nothing can be older than. */
void customer_ends_prune(struct customer *customer, int64_t now_ms);

/* Forgets what the events had, and keeps that they were: the document is too large. */
void customer_ends_shed(struct customer *customer);

#endif
