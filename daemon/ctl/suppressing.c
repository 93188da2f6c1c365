#include "ctl/suppressing.h"

#include <string.h>

/* Those of the shard have their customers, the others none. */
static struct suppressions_item *items_of(const struct shards *shards,
                                          const struct shards_item *shard,
                                          const struct suppressions_item *items, size_t count,
                                          struct arena *arena)
{
    struct suppressions_item *theirs = arena_alloc(arena, sizeof *theirs * (count + 1));
    memcpy(theirs, items, sizeof *theirs * count);
    for (size_t i = 0; i < count; i++)
        if (theirs[i].customer && shards_of(shards, theirs[i].customer) != shard)
            theirs[i].customer = NULL;
    return theirs;
}

bool suppressing_change(const struct shards *shards, bool add,
                        const struct suppressions_item *items, size_t count, int64_t trace_keep_ms,
                        bool *changed, struct diag *diag)
{
    struct arena *arena = arena_new(4096);
    bool *here = arena_alloc(arena, sizeof *here * (count + 1));
    bool good = true;
    memset(changed, false, sizeof *changed * count);
    for (size_t k = 0; good && k < shards->count; k++) {
        const struct shards_item *shard = &shards->items[k];
        bool there = suppressions_change(shard->session, shard->prefix, add,
                                         items_of(shards, shard, items, count, arena), count,
                                         trace_keep_ms, here, diag);
        good = there || shards_pass(shards, shard, diag);
        for (size_t i = 0; there && i < count; i++)
            changed[i] = changed[i] || here[i];
    }
    arena_destroy(&arena);
    return good;
}
