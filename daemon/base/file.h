/* Whole small files. */
#ifndef NUDGED_BASE_FILE_H
#define NUDGED_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"

/* Reads a regular file of at most `most` bytes into the arena, NUL-terminated.
 * On an error `diag` names the file and the reason. */
bool file_read(struct arena *arena, const char *path, size_t most, const char **text,
               size_t *length, struct diag *diag);

/* The names of the regular files in `folder` (and below it when `deep`, as
 * "sub/name") that end in `suffix`, sorted by bytes; NULL-terminated, in the
 * arena. Names that begin with a dot are passed over; links to files count as
 * files, links to folders are not followed. Errors: the folder is not there, more
 * than 10,000 files, more than 16 folders in each other. */
bool file_list(struct arena *arena, const char *folder, const char *suffix, bool deep,
               const char *const **names, size_t *count, struct diag *diag);

#endif
