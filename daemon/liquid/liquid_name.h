/*
 * Names, with the hash by which they are found.
 */
#ifndef NUDGED_LIQUID_LIQUID_NAME_H
#define NUDGED_LIQUID_LIQUID_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A name with its hash, so that finding it among bindings is one comparison each. */
struct liquid_name {
    const char *text;
    uint32_t length;
    uint32_t hash;
};

uint32_t liquid_name_hash(const char *text, size_t length);
/* Refers to the text. */
struct liquid_name liquid_name_of(const char *text, size_t length);

static inline bool liquid_name_is(const struct liquid_name *a, const struct liquid_name *b)
{
    return a->hash == b->hash && a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

#endif
