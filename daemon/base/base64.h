/*
 * Base64 (RFC 4648): both alphabets, with and without padding, and as strict as the reader
 * wants it.
 */
#ifndef NUDGED_BASE_BASE64_H
#define NUDGED_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A form is a sum of these. The encoders want one alphabet, and padded or bare; for the
 * decoder they say what a text may be. */
enum {
    BASE64_STANDARD = 1, /* the alphabet with '+' and '/' (section 4) */
    BASE64_URL = 2,      /* the alphabet with '-' and '_' (section 5) */
    BASE64_PADDED = 4,   /* filled with '=' to a multiple of four */
    BASE64_BARE = 8,     /* without the '=' */
    BASE64_LOOSE = 16,   /* decoder: the bits that the last digit has too many need not be 0 */
};

/* The characters that `length` bytes make, padding included. */
static inline size_t base64_size(size_t length)
{
    return (length + 2) / 3 * 4;
}

/* Writes at most base64_size(length) characters, without a NUL; returns how many. */
size_t base64_encode(const void *bytes, size_t length, unsigned form, char *out);

/* Appends the same. False where the buffer is full. */
bool base64_append(struct buf *out, const void *bytes, size_t length, unsigned form);

/* The length of a text without the padding that it ends with: two '=' at most. */
size_t base64_digits(const char *text, size_t length);

/* Writes at most 3 bytes for each 4 digits begun, and how many to `*size`. False where the
 * text has another form, a foreign character, or a length that no bytes have. */
bool base64_decode(const char *text, size_t length, unsigned form, void *out, size_t *size);

/* Decodes what there is of the standard alphabet up to the first '=', and passes over all
 * else, as readers of mail do (RFC 2045, section 6.8). Returns the bytes written, likewise. */
size_t base64_salvage(const char *text, size_t length, void *out);

#endif
