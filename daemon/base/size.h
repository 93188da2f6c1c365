/*
 * Sizes in bytes as people write them in settings: "512", "64KiB", "1MB", "2 GiB".
 * Ki, Mi, Gi and Ti count by 1,024; k (or K), M, G and T by 1,000.
 */
#ifndef NUDGED_BASE_SIZE_H
#define NUDGED_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { SIZE_TEXT_SIZE = 32 };

/* 0 to INT64_MAX bytes; false where the text is no whole number with one of the units. */
bool size_parse(const char *text, size_t length, int64_t *bytes);

/* Appends the regular expression (ECMA 262) of such a text. */
void size_pattern(struct buf *out);

/* The largest unit that leaves no rest: "64KiB", "1MB", "1025". Never below 0. */
const char *size_format(int64_t bytes, char out[SIZE_TEXT_SIZE]);

#endif
