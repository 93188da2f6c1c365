/* What an item of a trace tells, in words for people: decide/trace, decide/because. */
#ifndef NUDGED_CTL_PARTICULARS_H
#define NUDGED_CTL_PARTICULARS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "base/zone.h"

struct particulars {
    const struct value *item; /* of "did" */
    int64_t at_ms;            /* of its line */
    struct zone *zone;        /* in which times are told */
    struct arena *arena;
};

/* All that stands behind its rule and "what": ", no-template by smtp: …", ": cap (3 per 7d; …)". In
 * the arena; it may hold any characters that somebody wrote. */
const char *particulars_text(const struct particulars *particulars);

#endif
