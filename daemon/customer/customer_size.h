/*
 * What a customer's document has room for. Rules are refused by what they would add, before it is
 * too large: what else an event brings always fits.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_SIZE_H
#define NUDGED_CUSTOMER_CUSTOMER_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "customer/customer_record.h"

enum { CUSTOMER_SIZE_PLACE = 184 }; /* of a place under limits and caps, about */

/* Bytes of the item in the document. */
size_t customer_size_of_journey(const struct customer_journey *journey);
/* The same, and of a message with its place under limits and caps; where the document has room
 * enough, at most as much as a sixth of that. Cheap, as nothing is printed then. */
size_t customer_size_about_journey(const struct customer *customer,
                                   const struct customer_journey *journey);
size_t customer_size_about_open(const struct customer *customer, const struct customer_open *open);
/* Bytes of a value as JSON; above `most` anything above it. */
size_t customer_size_of_value(const struct value *value, size_t most);

/* Of what rules set, and when. */
size_t customer_size_of_fields(const struct customer *customer);

/* Whether so much more has room, where what is kept for comfort would go first. */
bool customer_size_has_room(const struct customer *customer, size_t bytes);

/* Merges what an event said (customer_profile_merge). False: the profile would pass its bound, and
 * stays as it is. */
bool customer_size_merge(struct arena *arena, struct customer *customer, const struct value *patch,
                         int64_t at_ms);
/* Whether the layers of the profile are within their bound. */
bool customer_size_profile_fits(const struct customer *customer);

#endif
