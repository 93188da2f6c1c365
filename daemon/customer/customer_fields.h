/*
 * Fields of a customer that rules set and the configuration computes: over the profile, which is
 * what events said. Of each it is known when it was set last, also where it was removed: where two
 * documents become one, the newer word stands.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_FIELDS_H
#define NUDGED_CUSTOMER_CUSTOMER_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "customer/customer_record.h"

enum customer_fields_answer {
    CUSTOMER_FIELDS_SET,
    CUSTOMER_FIELDS_LARGE, /* they would pass CUSTOMER_FIELDS_MOST: the field is as it was */
    CUSTOMER_FIELDS_NONE,  /* the value is none of JSON: likewise */
};

/* Sets a field, as it will be read again: a timestamp is its text. Null removes it. `name` is
 * shared. */
enum customer_fields_answer customer_fields_set(struct arena *arena, struct customer *customer,
                                                const char *name, const struct value *value,
                                                int64_t at_ms);

/* What stands in it; else its default; else null. */
struct value customer_fields_get(const struct customer *customer, const char *name);

/* Fields that were ever set, with a null for each that was removed since. */
struct value customer_fields_mentioned(struct arena *arena, const struct customer *customer);

/* Makes the word of one of the two the newer one, before they are joined: where `theirs`, that of
 * the other, else the customer's. It must have one. */
void customer_fields_prefer(struct arena *arena, struct customer *customer,
                            const struct customer *other, const char *name, bool theirs);
/* Takes over from another what it knows by a newer word. */
void customer_fields_join(struct arena *arena, struct customer *customer,
                          const struct customer *other);
/* Whether a word of one of them on the field is let go, as the other's is newer and says another
 * thing: that one in *value. */
bool customer_fields_differ(const struct customer *customer, const struct customer *other,
                            const char *name, struct value *value);

/* Forgets the field that was set longest ago where they are more than their bound; a map of it.
 * Null: they are not. */
struct value customer_fields_fit(struct arena *arena, struct customer *customer);

#endif
