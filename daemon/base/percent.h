/*
 * Percent-encoding (RFC 3986, section 2.1).
 */
#ifndef NUDGED_BASE_PERCENT_H
#define NUDGED_BASE_PERCENT_H

#include <stdbool.h>

#include "base/buf.h"

/* With letters and digits what may stand anywhere in a URL (section 2.3). */
#define PERCENT_UNRESERVED "-._~"

/* Appends the text; letters, digits and the characters of `safe` stay as they are. False where
 * the buffer is full. */
bool percent_encode(struct buf *out, const char *text, const char *safe);

#endif
