/*
 * Whether of a customer who was read, and may have been changed since, something is as it was. What
 * was not touched is where it was: so that is known without looking through it.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_ALIKE_H
#define NUDGED_CUSTOMER_CUSTOMER_ALIKE_H

#include <stdbool.h>
#include <string.h>

#include "customer/customer_record.h"

/* Two lists, to the byte: what is pointed to lies in the same place, or it is not the same. */
#define CUSTOMER_ALIKE(a, b)   \
    ((a).count == (b).count && \
     ((a).count == 0 || memcmp((a).items, (b).items, sizeof *(a).items * (a).count) == 0))

/* But for when it was said. */
bool customer_alike_profile(const struct customer *was, const struct customer *is);
bool customer_alike_fields(const struct customer *was, const struct customer *is);
/* An event names them anew: by their texts. */
bool customer_alike_keys(const struct customer *was, const struct customer *is);

#endif
