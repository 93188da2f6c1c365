/*
 * Lengths of time as people write them in rules and settings: "1h", "90s",
 * "1h30m", "2w", "250ms", "1.5h". Units: ms s m h d w; a day is 24 hours, a week 7 days.
 */
#ifndef NUDGED_BASE_DURATION_H
#define NUDGED_BASE_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { DURATION_TEXT_SIZE = 48 };

/* Milliseconds, 0 to 3,650 days. False where the text is no such length: empty,
 * without a unit, negative, too long, units not in falling order, a point in
 * another number than the last, or not whole milliseconds. */
bool duration_parse(const char *text, size_t length, int64_t *ms);

/* Appends the regular expression (ECMA 262) of such a text, as far as one can tell. */
void duration_pattern(struct buf *out);

/* As duration_parse reads it: "1h30m", "10d", "2w", "0s"; weeks only where they are
 * whole. A negative length begins with "-". Returns `out`. */
const char *duration_format(int64_t ms, char out[DURATION_TEXT_SIZE]);

#endif
