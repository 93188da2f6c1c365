/* How much memory a round of the pipeline may take: documents grow, and with them what is read and
 * decided of so many customers. */
#ifndef NUDGED_EVENTS_ROUND_MEMORY_H
#define NUDGED_EVENTS_ROUND_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* Forgets what the round had. `more`: events wait; then its memory is kept for them, which else the
 * system would make anew each time, page by page. */
void round_memory_reset(struct arena *round, bool more);

/* How many events the next batches should have at most, by what a batch of so many took; at least
 * 16. */
size_t round_memory_entries(const struct arena *round, size_t entry_count);

#endif
