/*
 * The files of the archive: "events-2026-11-29T10-00-00.NAME.jsonl", by when they were begun (UTC,
 * by the machine's clock) and by whom. Who writes into one, or writes it anew, holds its lock
 * (flock(2)): so any daemon may look after all files of a folder, whose daemon is gone too.
 */
#ifndef NUDGED_ARCHIVE_ARCHIVE_FILES_H
#define NUDGED_ARCHIVE_ARCHIVE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

enum {
    ARCHIVE_FILES_NAME_SIZE = 160,
    ARCHIVE_FILES_DAY_MS = 24 * 60 * 60 * 1000, /* so long a file is written to at most */
};

/* `who` has letters, digits, '-', '_' and '.', at most 64; what is none of these becomes '_'. */
void archive_files_name(int64_t begun_ms, const char *who, char out[ARCHIVE_FILES_NAME_SIZE]);

/* When the file of that name was begun; false where it is none of ours. `who` NULL: anybody's. */
bool archive_files_read(const char *name, const char *who, int64_t *begun_ms);

/* The names of all files in the folder, the oldest first; NULL-terminated, in the arena. None
 * where the folder is not there. */
bool archive_files_list(struct arena *arena, const char *folder, const char *const **names,
                        size_t *count, struct diag *diag);

/* Opens the file for reading and writing, under its lock; -1 where somebody has that, or with
 * errno. */
int archive_files_lock(const char *path);

#endif
