#include "events/round_memory.h"

enum {
    BYTES = 1 << 20, /* of a round, about */
    ENTRIES_LEAST = 16,
};

void round_memory_reset(struct arena *round, bool more)
{
    arena_reset_keeping(round, more ? BYTES : 0);
}

size_t round_memory_entries(const struct arena *round, size_t entry_count)
{
    size_t entries = entry_count * BYTES / (arena_used(round) + 1);
    return entries > ENTRIES_LEAST ? entries : ENTRIES_LEAST;
}
