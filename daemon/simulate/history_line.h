/*
 * One line of a history: an event as a shop pushes it, or one as `archive:` keeps it,
 *
 *   {"received": 1772352000000, "entry": "1772352000000-0", "event": {…}}
 *
 * which came at that time, and of those of the same millisecond in the order of their entries
 * (which may be left out). A plain event came at its own `time`. Only what tells this is looked at:
 * that the rest is an event is seen where it is read (customer/shop_event).
 */
#ifndef NUDGED_SIMULATE_HISTORY_LINE_H
#define NUDGED_SIMULATE_HISTORY_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct history_line {
    struct slice event; /* within the line */
    bool timed;
    bool misdated;    /* it has a `time`, which cannot be read */
    int64_t at_ms;    /* where it is timed */
    int64_t sequence; /* within the millisecond; 0 where nothing tells */
};

/* A time that says no zone is one of `zone`, the shop's. */
struct history_line history_line_of(struct slice line, const char *zone);

#endif
