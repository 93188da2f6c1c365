/*
 * A line of the archive (docs/events.md):
 *
 *   {"received":1795910762653,"entry":"1795910762653-0","event":{…as it was pushed…}}
 */
#ifndef NUDGED_ARCHIVE_ARCHIVE_LINE_H
#define NUDGED_ARCHIVE_ARCHIVE_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

/* Appends the line of an event, which is valid JSON, and of its entry "<ms>-<n>". */
void archive_line_put(struct buf *out, const char *entry, const char *event, size_t length);

struct archive_line {
    const char *entry;  /* in the arena */
    struct slice event; /* JSON, within the line */
};

/* Reads a line, without its end, as archive_line_put writes it; false where it is none. */
bool archive_line_read(struct arena *arena, struct slice line, struct archive_line *read);

#endif
