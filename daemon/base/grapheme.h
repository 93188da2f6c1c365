/* What readers take for one character (UAX #29): a letter with its accents, a flag, a family. */
#ifndef NUDGED_BASE_GRAPHEME_H
#define NUDGED_BASE_GRAPHEME_H

#include <stddef.h>

/* The greatest offset <= `most` at which a text may be cut without splitting a grapheme cluster;
 * `length` where all of it fits. Where a single cluster is larger than that, it is cut between
 * two of its characters. Valid UTF-8. */
size_t grapheme_floor(const char *text, size_t length, size_t most);

#endif
