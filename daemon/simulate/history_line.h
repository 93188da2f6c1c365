/*
 * One line of a history: an event as a shop pushes it, or one as `archive:` keeps it,
 *
 *   {"received": 1772352000000, "event": {…}}
 *
 * which came at that time. A plain event came at its own `time`. Only what tells this is looked
 * at: that the rest is an event is seen where it is read (customer/shop_event).
 */
#ifndef NUDGED_SIMULATE_HISTORY_LINE_H
#define NUDGED_SIMULATE_HISTORY_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct history_line {
    struct slice event; /* within the line */
    bool timed;
    int64_t at_ms; /* where it is timed */
};

struct history_line history_line_of(struct slice line);

#endif
