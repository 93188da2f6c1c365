/*
 * Structures as one block of memory, with pointers that lead into it: made in one go, and read in
 * place. While it is made it may move; so what points is told apart (image_link), and becomes an
 * address where the image has come to rest (image_copy).
 */
#ifndef NUDGED_BASE_IMAGE_H
#define NUDGED_BASE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/value.h"

enum { IMAGE_KNOWN = 64 };

/* Makes images, one after the other. All zero at first but for `lasting`. */
struct image_maker {
    char *bytes; /* owned */
    size_t length, capacity;
    uint32_t *links; /* where pointers stand, as places in `bytes`; owned */
    uint32_t link_count, link_capacity;
    const struct arena *lasting;    /* what lies there outlives all images: texts are not copied;
                                       NULL: none */
    const void *known[IMAGE_KNOWN]; /* to lie there */
};

void image_maker_free(struct image_maker *maker);

void image_begin(struct image_maker *maker);
/* The image, as it is by now, into a block of maker->length bytes at least. */
void image_copy(const struct image_maker *maker, void *block);

/* Room for so many bytes, aligned to 8, or a copy of them; their place. */
size_t image_room(struct image_maker *maker, size_t size);
size_t image_put(struct image_maker *maker, const void *bytes, size_t size);
/* The pointer at the place `from` leads to the place `to`. */
void image_link(struct image_maker *maker, size_t from, size_t to);

/* A copy behind the pointer at `from`, which stays NULL for NULL; of texts, a NULL-terminated list
 * of them, also for an empty one. */
void image_text(struct image_maker *maker, size_t from, const char *text);
void image_texts(struct image_maker *maker, size_t from, const char *const *texts);

/* The value as it is in an image, in the arena: mostly it is the same. */
struct value image_as_read(struct arena *arena, const struct value *value);

/* A copy in place of the value at `from`. What no JSON has becomes what it would be in JSON. */
void image_value(struct image_maker *maker, size_t from, const struct value *value);
/* Likewise null. */
void image_null(struct image_maker *maker, size_t from);

#endif
