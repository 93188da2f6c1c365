/*
 * Whether a tick of a clock left anything to keep. Clocks ask everybody again and again: where a
 * rule that matches is refused each time (its `limit` is reached), nothing changes but the trace,
 * and that is told once in a while, for who asks why.
 */
#ifndef NUDGED_DECIDE_UNCHANGED_H
#define NUDGED_DECIDE_UNCHANGED_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/deciding.h"

/* What may change, as it was. */
struct unchanged {
    const char *document;
    uint32_t dead_count, emit_count, emitted_count;
};

struct unchanged unchanged_begin(struct deciding *d);

/* Whether all of it is as it was then. */
bool unchanged_is(struct deciding *d, const struct unchanged *begun);

/* What the trace tells of the moment was told within policy.dedupe_keep_ms. If not it counts as
 * told from now on. */
bool unchanged_was_told(struct deciding *d);

#endif
