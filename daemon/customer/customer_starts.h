/*
 * The events that started a customer's journeys, those that joined one, and those that a wait of
 * one met. Each stands apart from
 * the document, by its origin, for as long as somebody may ask for it: a journey that waits, or an
 * open message whose `until` has a condition that reads it.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_STARTS_H
#define NUDGED_CUSTOMER_CUSTOMER_STARTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/value.h"
#include "customer/customer_record.h"

/* The start of that origin; NULL where nothing of the document began with it. */
struct customer_start *customer_starts_find(const struct customer *customer, const char *origin);

/* A new one, which a commit must write; nothing where there is one of the origin. */
void customer_starts_add(struct arena *arena, struct customer *customer, const char *origin,
                         const struct value *event);
/* One that stands in Redis and is not at hand; likewise. */
void customer_starts_note(struct arena *arena, struct customer *customer, const char *origin);

/* What was read of a noted start: its event, or NULL: it is not there. Journeys get it too. */
void customer_starts_learn(struct customer *customer, const char *origin,
                           const struct value *event);

/* A list of the data of all that the journey has collected, as far as it is at hand. */
struct value customer_starts_collected(struct arena *arena, const struct customer *customer,
                                       const struct customer_journey *journey);

/* Whether anybody may still ask for it. */
bool customer_starts_needs(const struct customer *customer, const char *origin);

#endif
