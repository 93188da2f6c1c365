/* The lines of a customer's trace, for `nudgectl explain`. */
#ifndef NUDGED_CTL_EXPLAIN_LINES_H
#define NUDGED_CTL_EXPLAIN_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "base/zone.h"

/* Which of them are shown. */
struct explain_filter {
    const char *rule; /* NULL: of all */
    int64_t since_ms; /* those from then on; 0: all */
};

/* The line as far as the filter lets it through: of one rule its items alone. False: nothing of it.
 */
bool explain_lines_filter(const struct explain_filter *filter, struct arena *arena,
                          struct value *line);

/* Prints lines (a list), the oldest first: when, what event, and below it what was done. Of lines
 * that follow each other and say the same there is one. */
void explain_lines_print(const struct value *lines, struct zone *zone, struct arena *arena);

#endif
