/* Letter case by Unicode, through ICU. */
#ifndef NUDGED_CEL_CEL_UNICODE_H
#define NUDGED_CEL_CEL_UNICODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the UTF-8 text in capital or small letters (full mappings, no language:
 * "Straße" is "STRASSE"). False where the buffer is full. */
bool cel_unicode_case(struct buf *out, const char *text, size_t length, bool upper);

#endif
