/*
 * Timestamps (years 1 to 9999, nanoseconds) and durations (292 years either
 * way, nanoseconds): text, arithmetic, local fields.
 */
#ifndef NUDGED_CEL_CEL_TIME_H
#define NUDGED_CEL_CEL_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "cel/cel_ast.h"

/* From parts that may overlap; false out of range. `nanos` may be negative. */
bool cel_time_timestamp(int64_t seconds, int64_t nanos, struct value *result);
bool cel_time_duration(int64_t seconds, int64_t nanos, struct value *result);

/* RFC 3339 with up to nine digits of a fraction. */
bool cel_time_parse_timestamp(const char *text, size_t length, struct value *result);
/* "1h30m", "-1.5s", "0", "250ms", "1us", "10ns"; and "7d", "2w". */
bool cel_time_parse_duration(const char *text, size_t length, struct value *result);

/* "2026-03-01T08:00:00.5Z"; years 1 to 9999. And "3600.5s". The length; NUL-terminated. */
enum { CEL_TIME_TEXT_SIZE = 64 };
size_t cel_time_print_timestamp(const struct value *value, char out[CEL_TIME_TEXT_SIZE]);
size_t cel_time_print_duration(const struct value *value, char out[CEL_TIME_TEXT_SIZE]);

/* + and - of timestamps and durations. NULL when *result is set, else what is wrong. */
const char *cel_time_operate(enum cel_operator op, const struct value *a, const struct value *b,
                             struct value *result);

#endif
