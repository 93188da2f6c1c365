/*
 * A customer's document in memory, where nobody else reads it: what printing it (customer_print)
 * and reading it again (customer_read) would give, at a small part of the cost, as only those parts
 * of it are made anew that have changed.
 */
#ifndef NUDGED_CUSTOMER_CUSTOMER_IMAGE_H
#define NUDGED_CUSTOMER_CUSTOMER_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/image.h"
#include "base/pool.h"
#include "customer/customer.h"
#include "customer/shop_event.h"

struct customer_image;

enum { CUSTOMER_IMAGE_PARTS = 12 };

/* Makes images, one after the other. All zero at first but for maker.lasting. */
struct customer_image_maker {
    struct image_maker maker;
    struct customer_image_part {
        void *block;
        uint32_t size;
        bool is_new;
    } parts[CUSTOMER_IMAGE_PARTS]; /* that were made and not put yet */
    struct pool pool;              /* where all of it lies */
    struct customer_image_retired {
        void *block;
        size_t size;
    } * retired; /* blocks that somebody may still look at; owned */
    uint32_t retired_count, retired_capacity;
};

/* Ends the images, and keeps some of the memory for those to come. */
void customer_image_maker_clear(struct customer_image_maker *maker);
/* Ends the images too. */
void customer_image_maker_free(struct customer_image_maker *maker);

/* Makes what has changed of a customer who was read of the image, or all of one without an image
 * (NULL). The key and the version are not copied. Gives the size of the whole, which is more than a
 * small document has as JSON; put it, or make it anew. `arena`: of what is needed meanwhile. */
size_t customer_image_make(struct customer_image_maker *maker, const struct customer_image *image,
                           const struct customer *customer, struct arena *arena);

enum customer_image_change {
    CUSTOMER_IMAGE_SAME,  /* but for counts, sends and the like */
    CUSTOMER_IMAGE_NAMED, /* what says who they are: profile, fields or keys */
};

/* Puts that into the image, or into a new one. Blocks of before stay until customer_image_settle.
 * `bytes`: of the document as JSON, about. */
enum customer_image_change customer_image_put(struct customer_image_maker *maker,
                                              struct customer_image **image,
                                              const struct customer *customer, size_t bytes);

/* Retires the image, NULL too. */
void customer_image_drop(struct customer_image_maker *maker, struct customer_image **image);
/* Likewise any other block of the pool. */
void customer_image_retire(struct customer_image_maker *maker, void *block, size_t size);
/* Nobody looks any more at what was retired. */
void customer_image_settle(struct customer_image_maker *maker);

/* Fetches it from memory: its own bytes, or, when those have come, what they lead to. */
void customer_image_expect(const struct customer_image *image, bool parts);

/* The customer in the image itself, which must stay as long: no list of it may be changed, and
 * nothing is known of starts. */
struct customer *customer_image_see(const struct customer_image *image, struct arena *arena,
                                    const char *key);

/* The customer as it lies there, all but the counts: to look at. */
const struct customer *customer_image_peek(const struct customer_image *image);

/* Notes an event that has no effect and says nothing new of the customer: its id, and when that was
 * said. False, and nothing was done, where there is no room for one more id. */
bool customer_image_note(struct customer_image *image, const struct shop_event *event);

/* One that may be changed; likewise. */
struct customer *customer_image_read(const struct customer_image *image, struct arena *arena,
                                     const char *key);

#endif
