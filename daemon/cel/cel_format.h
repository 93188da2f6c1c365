/*
 * "…".format([…]) (cel-spec, doc/extensions/strings.md): %s %d %f %e %x %X %o %b %%,
 * with a precision for %f and %e.
 */
#ifndef NUDGED_CEL_CEL_FORMAT_H
#define NUDGED_CEL_CEL_FORMAT_H

#include "base/buf.h"
#include "cel/cel_function.h"

/* Appends the first argument filled with the values of the second; false after cel_fail. */
bool cel_format(struct cel_call *call, struct buf *out);

#endif
