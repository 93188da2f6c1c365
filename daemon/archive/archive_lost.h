/*
 * Events that are not in the archive, of late: what was lost within ARCHIVE_LOST_MS of the loss
 * before it counts together. It is told until so long after the last: a disk that is about full
 * takes the one batch and not the other.
 */
#ifndef NUDGED_ARCHIVE_ARCHIVE_LOST_H
#define NUDGED_ARCHIVE_ARCHIVE_LOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { ARCHIVE_LOST_MS = 60 * 60 * 1000 };

struct archive_lost {
    int64_t count;             /* 0: none */
    int64_t since_ms, last_ms; /* when the first was lost, and the last; the machine's clock */
    const char *why;           /* the last was; not its own */
    bool goes_on;              /* nothing was archived since */
};

/* So many more. */
void archive_lost_add(struct archive_lost *lost, int64_t count, int64_t now_ms);
/* Whether it is to be told. */
bool archive_lost_is(const struct archive_lost *lost, int64_t now_ms);

/* "events are not archived: cannot write to …; 17 lost since 2026-11-29T10:00:00Z" */
void archive_lost_text(const struct archive_lost *lost, struct buf *out);
/* Members of a JSON object: "archive":"events are …","archive_lost":17; null and 0 for none. */
void archive_lost_write(const struct archive_lost *lost, struct buf *out);

#endif
