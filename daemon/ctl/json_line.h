/*
 * What --json prints: one object, or one on a line for each of a list. Keys are snake_case; a time
 * is a number, milliseconds since 1970 UTC; a duration one whose key ends with _ms. What is not
 * known is left out. Faults go to standard error, as text.
 */
#ifndef NUDGED_CTL_JSON_LINE_H
#define NUDGED_CTL_JSON_LINE_H

#include <stdint.h>

#include "base/value.h"

/* Prints the value on a line of its own on standard output. */
void json_line_print(const struct value *value);

/* An object of counts. The table ends with a row without a name. */
struct json_line_count {
    const char *name;
    int64_t count;
};

void json_line_counts(const struct json_line_count *counts);
/* Adds them to an object. */
void json_line_add(struct arena *arena, struct value map, const struct json_line_count *counts);

#endif
