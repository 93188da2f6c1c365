/*
 * The profile: what events said of a customer, in layers, the newest first. What an event mentions,
 * a null too, stands in its layer and is taken out of all others: so an older event that comes
 * late changes nothing that a newer one has set or removed. `customer->profile` is what they say
 * together; only these functions change both.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_PROFILE_H
#define NUDGED_CUSTOMER_CUSTOMER_PROFILE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "customer/customer_record.h"

/* Merges what an event of time `at_ms` said (a map, RFC 7396), which is shared, not copied; at
 * equal times the later caller's is the newer. */
void customer_profile_merge(struct arena *arena, struct customer *customer,
                            const struct value *patch, int64_t at_ms);

/* Whether the newest layer says just that already, and is no newer: then its time is all that
 * changes. Most events of a shop say what the one before said. */
bool customer_profile_repeats(const struct customer *customer, const struct value *patch,
                              int64_t at_ms);
/* Changes that; false where it does not. */
bool customer_profile_repeat(struct customer *customer, const struct value *patch, int64_t at_ms);

/* Merges what is known of another, each by its time. */
void customer_profile_join(struct arena *arena, struct customer *customer,
                           const struct customer *other);

/* A profile of one layer. */
void customer_profile_set(struct arena *arena, struct customer *customer, struct value profile,
                          int64_t at_ms);

/* Forgets the oldest layer, of at least one; what it said. */
struct value customer_profile_drop_oldest(struct arena *arena, struct customer *customer);

/* From a document: a list of [ms, {…}], newest first. */
void customer_profile_read(struct arena *arena, struct customer *customer,
                           const struct value *layers);

/* All that was mentioned: the profile with its nulls. */
struct value customer_profile_mentioned(struct arena *arena, const struct customer *customer);

/* When one of a patch's members was mentioned last; 0: never. */
int64_t customer_profile_ms(const struct customer *customer, const struct value *patch);

/* Makes the profile of the layers anew: in the order that it has when the document is read. */
void customer_profile_fold(struct arena *arena, struct customer *customer);

#endif
