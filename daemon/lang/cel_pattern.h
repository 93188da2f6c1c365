/*
 * Regular expressions as the specification has them (RE2 syntax), in the words of
 * ICU: \d \w \s are ASCII, $ is the very end, (?P<name>…) is (?<name>…). What ICU
 * has beyond RE2 is refused: look-around, back-references, possessive and atomic
 * groups, set operations.
 */
#ifndef NUDGED_LANG_CEL_PATTERN_H
#define NUDGED_LANG_CEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the pattern for ICU. False where it has something that RE2 has not, or where
 * the buffer is full. */
bool cel_pattern_translate(const char *pattern, size_t length, struct buf *out);

#endif
