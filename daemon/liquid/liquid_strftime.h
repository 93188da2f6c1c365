/*
 * Dates by a format, with the directives, flags and widths of Ruby's Time#strftime.
 */
#ifndef NUDGED_LIQUID_LIQUID_STRFTIME_H
#define NUDGED_LIQUID_LIQUID_STRFTIME_H

#include "base/buf.h"
#include "liquid/liquid_date.h"

/* Appends; a directive that there is not is copied. False where the buffer is full. */
bool liquid_strftime(struct buf *out, const struct liquid_date *date, const char *format,
                     size_t length);

#endif
