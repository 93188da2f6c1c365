/*
 * What nobody should read over somebody's shoulder, in a bug report or in a log: passwords and
 * tokens, replaced by "***". Places that are filled later ({token}, {{ secret }}) stay.
 */
#ifndef NUDGED_BASE_MASK_H
#define NUDGED_BASE_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Whether what bears this name is a secret: Authorization, X-Api-Key, access_token, password. */
bool mask_is_secret(const char *name, size_t length);

/* The value of something with a secret name. Of `Bearer abc` the first word stays. */
void mask_value(const char *value, size_t length, struct buf *out);

/* A text with addresses in it: masked are passwords (redis://user:PASSWORD@host) and parameters
 * with a secret name (https://host/?api_key=SECRET). */
void mask_text(const char *text, size_t length, struct buf *out);

/* A line of a file: addresses in it, and the values of header fields and passwords by their
 * names. `places` are `count` byte offsets in it, which are moved to where they are in `out`. */
void mask_line(const char *line, size_t length, struct buf *out, size_t *places, size_t count);

#endif
