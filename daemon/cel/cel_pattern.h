/*
 * Regular expressions as the specification has them
 * (github.com/google/re2/wiki/Syntax), in the words of ICU. What only ICU has is
 * refused: look-around, back-references, possessive and atomic groups, set
 * operations, comments. What both write alike but mean differently is written out:
 * \d \w \s \b [:alpha:] are ASCII, ^ and $ are the text's ends (with m also each
 * line's), a brace that is no repeat is a plain character. Groups capture nothing.
 */
#ifndef NUDGED_CEL_CEL_PATTERN_H
#define NUDGED_CEL_CEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the pattern (valid UTF-8) for ICU to an empty buffer; up to 64 times as long.
 * False where it has something that RE2 has not, or where the buffer is full. */
bool cel_pattern_translate(const char *pattern, size_t length, struct buf *out);

#endif
