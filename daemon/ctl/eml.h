/*
 * As much of reading a mail as it takes to show one that nudged made: headers with
 * encoded words (RFC 2047) and the parts of a multipart/alternative (RFC 2046), in UTF-8.
 */
#ifndef NUDGED_CTL_EML_H
#define NUDGED_CTL_EML_H

#include <stddef.h>

#include "base/arena.h"

/* The header's value, unfolded and decoded; NULL where there is none. */
const char *eml_header(struct arena *arena, const char *mail, size_t length, const char *name);

/* The first part of a media type ("text/html"), decoded; NULL where there is none. */
const char *eml_part(struct arena *arena, const char *mail, size_t length, const char *type);

#endif
