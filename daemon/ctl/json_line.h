/*
 * What --json prints: one object, or one on a line for each of a list. Keys are snake_case; a time
 * is a number, milliseconds since 1970 UTC; a duration one whose key ends with _ms. What is not
 * known is left out. Faults go to standard error, as text.
 */
#ifndef NUDGED_CTL_JSON_LINE_H
#define NUDGED_CTL_JSON_LINE_H

#include "base/value.h"

/* Prints the value on a line of its own on standard output. */
void json_line_print(const struct value *value);

#endif
