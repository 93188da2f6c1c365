/*
 * A progress bar for people: one line on standard error, drawn at most ten times a
 * second, only where standard error is a terminal. Elsewhere all of this does nothing.
 *
 *   push  45% [##############------------------]  4500/10000  1234/s  5s left
 */
#ifndef NUDGED_BASE_PROGRESS_H
#define NUDGED_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct progress;

/* Draws the empty bar. `total` 0: nobody knows. The label is the caller's and lives as
 * long as the bar. NULL where there is nothing to draw on; all that follows takes NULL. */
struct progress *progress_start(uint64_t total, const char *label);
/* `count` more are done. */
void progress_step(struct progress *progress, uint64_t count);
/* Wipes the line, so that something else can be printed; a later step draws it again. */
void progress_clear(struct progress *progress);
/* Draws the last state, however far it came, with the time that it took, and a line end. */
void progress_end(struct progress **progress);

/*
 * What the above are made of, without a terminal and with the clock passed in.
 * Times are milliseconds since the start.
 */
struct progress_state {
    const char *label;
    uint64_t total;
    uint64_t done;
    int64_t drawn_ms;    /* when the line was last drawn */
    uint64_t drawn_done; /* and what was done then */
    double rate;         /* steps in a second, of late */
};

/* Counts; true when it is time to draw, in which case the rate is brought up to date.
 * The rate is the mean of the first ten seconds, then one that forgets what is longer
 * ago, so that the time left follows a stall or a slower stretch. */
bool progress_count(struct progress_state *state, uint64_t count, int64_t now_ms);

/* Appends the line for a terminal of so many columns: at most columns - 1 characters.
 * Figures from 100,000 on are shortened ("1.2M"). The time left is said only after two
 * seconds: earlier it would be a guess. A count past the total shows as if there were
 * no total. With `ended`, the time it took stands for the time left. */
void progress_line(const struct progress_state *state, int64_t now_ms, bool ended, size_t columns,
                   struct buf *out);

#endif
