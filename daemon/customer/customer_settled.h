/*
 * A customer who was decided, kept as they are: what printing their document and reading it again
 * would give, without either. They refer to all that they were decided by.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_SETTLED_H
#define NUDGED_CUSTOMER_CUSTOMER_SETTLED_H

#include <stdbool.h>

#include "base/arena.h"
#include "customer/customer_record.h"

/* Settles them. `was`: they before that, settled or of an image; NULL: there is none. Whether what
 * says who they are (profile, fields, keys) is as it was. */
bool customer_settle(struct customer *customer, const struct customer *was, struct arena *arena);

/* The customer once more, to be changed: what was settled stays as it is, and is referred to. */
struct customer *customer_settled_again(const struct customer *settled, struct arena *arena);

/* Copies all lists but the counts, and notes starts as customer_read does. */
void customer_settled_copy_lists(struct customer *customer, struct arena *arena);

#endif
