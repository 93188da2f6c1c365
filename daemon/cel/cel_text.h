/*
 * Values as text, and text as numbers: what string(), format() and messages
 * share.
 */
#ifndef NUDGED_CEL_CEL_TEXT_H
#define NUDGED_CEL_CEL_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/value.h"

/* Appends a boolean, number, timestamp, duration, decimal, string or type as
 * string() gives it: true, 80, 0.1, 1e+21, NaN, Infinity. False for other kinds,
 * or where the buffer is full. */
bool cel_text_add(struct buf *out, const struct value *value);

/* A double without an exponent: "0.0000001". */
bool cel_text_add_fixed(struct buf *out, double number);

/* What double() reads: an optional sign, digits, point, exponent; NaN, Inf, Infinity in
 * any case. False where it is no number, or one too large. */
bool cel_text_double(const struct value *text, double *number);

/* Appends a string in double quotes, with the escapes of the language. */
bool cel_text_add_quoted(struct buf *out, const char *bytes, size_t length);

#endif
