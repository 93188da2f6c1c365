/*
 * Any text as one line of a header. What a shop's customers have in their names is written down
 * as it can be, and holds nothing back; what could end the line, and so begin a field or a
 * command of its own, is gone from it.
 */
#ifndef NUDGED_MAIL_HEADER_LINE_H
#define NUDGED_MAIL_HEADER_LINE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"

/* In bytes: of what people read in one line, as long as a line of RFC 5322 (2.1.1) may be, and of
 * a file's name, as file systems have it. */
enum { HEADER_LINE_MOST = 998, HEADER_LINE_FILE_MOST = 255 };

/* Control characters, line and paragraph ends become a space, one for a run of them; invalid
 * bytes U+FFFD. White space at its ends goes, all other stays. More than `most` bytes are cut
 * between two grapheme clusters. In the arena; may be "". */
const char *header_line_clean(struct arena *arena, struct slice text, size_t most);

/* A file's name likewise, of at most HEADER_LINE_FILE_MOST bytes; its ending stays. */
const char *header_line_file(struct arena *arena, const char *name);

#endif
