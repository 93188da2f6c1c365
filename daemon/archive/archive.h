/*
 * The archive: every event of a shop as a line of a file (archive/archive_line), written before
 * what it was decided to be is committed, in one write(2) for a batch. So a daemon that is killed
 * loses none; what a power cut may lose is what came within the last second or so, as whoever looks
 * after the archive forces it to the disk (archive_unsynced).
 *
 * The file is another one after a day, or when it is full. One that cannot be written to harms
 * nobody but the archive: that is told, also for a while after it was tried again with success, for
 * a disk that is about full takes the one batch and not the other.
 */
#ifndef NUDGED_ARCHIVE_ARCHIVE_H
#define NUDGED_ARCHIVE_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive_lost.h"
#include "base/diag.h"

struct archive;
struct log_group;

struct archive_options {
    const char *folder;          /* made where it is not there (0700); its parent must be */
    const char *name;            /* of this daemon, in the names of its files */
    int64_t size_most;           /* bytes of a file */
    int64_t now_ms;              /* the machine's, since 1970; as in all that follows */
    struct log_group *log_group; /* not its own; NULL: each fault is told */
};

/* NULL with `diag` where no file can be begun. */
struct archive *archive_new(const struct archive_options *options, struct diag *diag);
void archive_destroy(struct archive **archive);

void archive_set_size(struct archive *archive, int64_t size_most);

/* An event, which is valid JSON of at most 256 KiB; the entry "<ms>-<n>". */
void archive_add(struct archive *archive, const char *entry, const char *event, size_t length,
                 int64_t now_ms);
/* Writes all that was added. What cannot be written is counted as lost, and logged. */
void archive_write(struct archive *archive, int64_t now_ms);
/* Begins another file where the present one is a day old, or ARCHIVE_ERASED_MS where somebody was
 * erased since it was begun: to be called now and then. */
void archive_rotate(struct archive *archive, int64_t now_ms);
enum { ARCHIVE_ERASED_MS = 60 * 60 * 1000 };
/* Somebody was erased then, by this daemon or another one. From any thread. */
void archive_erased(struct archive *archive, int64_t erased_ms);

/* What is not in it of late; `why` is good until the next call. */
struct archive_lost archive_lost(const struct archive *archive, int64_t now_ms);
/* How many files are done with: a number that grows. From any thread. */
int64_t archive_rotations(struct archive *archive);

/* The next of the files that were written to since they were asked for, for fdatasync(2) and
 * close(2); -1: there is none. From any thread. */
int archive_unsynced(struct archive *archive);

#endif
