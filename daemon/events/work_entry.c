#include "events/work_entry.h"

struct commit work_entry_commit(struct arena *arena, const char *const *ids,
                                const struct work_entry *entries, size_t count)
{
    struct commit_dead *dead = arena_alloc(arena, sizeof *dead * (count + 1));
    struct commit_telling *tellings = arena_alloc(arena, sizeof *tellings * (count + 1));
    struct commit commit = {.ids = ids, .id_count = count, .dead = dead, .tellings = tellings};
    for (size_t i = 0; i < count; i++) {
        const struct work_entry *entry = &entries[i];
        if (entry->product)
            tellings[commit.telling_count++] = (struct commit_telling){
                ids[i], entry->product, {entry->dead.body, entry->dead.length}};
        else
            dead[commit.dead_count++] = entry->dead;
    }
    return commit;
}
