/* The customer's document as it stands in Redis. */
#ifndef NUDGED_CUSTOMER_CUSTOMER_PRINT_H
#define NUDGED_CUSTOMER_CUSTOMER_PRINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "customer/customer_record.h"

/* Prints the document with its new version in front. Where it would pass
 * CUSTOMER_DOCUMENT_MOST, what is only kept for comfort goes first (the ring, times
 * of counts, older ids, what ends were asked, sends that nothing counts); false where that is not
 * enough. */
bool customer_print(struct customer *customer, const char *version, struct buf *out);

/* One item of it. */
void customer_print_journey(struct buf *out, const struct customer_journey *journey);
void customer_print_open(struct buf *out, const struct customer_open *open);

#endif
