/*
 * A customer's document as one block of memory, where nobody else reads it: what printing it
 * (customer_print) and reading it again (customer_read) would give, at a tenth of the cost.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_IMAGE_H
#define NUDGED_CUSTOMER_CUSTOMER_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/image.h"
#include "customer/customer.h"

struct customer_image; /* to be freed with free() */

/* Makes the image of a customer, whose key is not copied, but leaves it in the maker. Its size,
 * which is more than a small document has as JSON. */
size_t customer_image_make(struct image_maker *maker, const struct customer *customer);
/* The image that the maker has, in place of `old` (NULL: none), which nobody must use any more.
 * `bytes`: of the document as JSON, about. */
struct customer_image *customer_image_put(const struct image_maker *maker,
                                          struct customer_image *old, size_t bytes);

/* As it was put. */
size_t customer_image_bytes(const struct customer_image *image);
/* Brings the image of which the customer was read up to date, where that needs no more room and no
 * other texts: where an event was counted, and little else. False: it must be made anew, and is as
 * it was. */
bool customer_image_update(struct customer_image *image, const struct customer *customer);

/* The customer in the image itself, which must stay as long: no list of it may be changed, and
 * nothing is known of starts. */
struct customer *customer_image_see(const struct customer_image *image, struct arena *arena,
                                    const char *key);

/* One that may be changed; likewise. */
struct customer *customer_image_read(const struct customer_image *image, struct arena *arena,
                                     const char *key);

#endif
