/*
 * Looking after the files of the archive that nobody writes to any more: those past their age go,
 * and of the others the lines of people who were erased since. A file that loses lines is written
 * anew beside its place and moved there: whoever reads one sees the old or the new.
 *
 * Up to which erasure each file was looked through stands in `.swept` of the folder, whose lock
 * whoever sweeps it has: of several daemons one does. What cannot be read there is looked through
 * again.
 */
#ifndef NUDGED_ARCHIVE_ARCHIVE_SWEEP_H
#define NUDGED_ARCHIVE_ARCHIVE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/slice.h"

enum { ARCHIVE_SWEEP_LINES = 200 }; /* that are asked about at once, at most */

struct archive_sweep {
    const char *folder;
    int64_t now_ms, keep_ms; /* by the machine's clock */
    int64_t erased_ms;       /* when somebody was erased last; 0: nobody was, or it is not known */
    /* `gone[i]`: the line, which has no end, is of somebody who was erased. False with `diag`: it
     * cannot be known now. */
    bool (*judge)(void *context, const struct slice *lines, size_t count, bool *gone,
                  struct diag *diag);
    /* Comes between parts of the work, so that it may be made slower. False: it is to end. */
    bool (*go_on)(void *context);
    void *context;
};

struct archive_swept {
    uint64_t files; /* that were too old */
    uint64_t lines; /* of people who were erased */
};

/* What was done, also where it fails with `diag`; then, or where it was told to end, the rest is
 * left for the next time. Nothing where another daemon sweeps, or there is no folder. */
bool archive_sweep_run(const struct archive_sweep *sweep, struct archive_swept *swept,
                       struct diag *diag);

#endif
