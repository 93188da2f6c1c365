/* An entry of a work that is no customer's: a dead letter, or told to who watches a product. */
#ifndef NUDGED_EVENTS_WORK_ENTRY_H
#define NUDGED_EVENTS_WORK_ENTRY_H

#include "store/commit.h"

struct work_entry {
    const char *product; /* told to who watches this, as the event in `dead.body`; NULL: it is a
                            dead letter */
    struct commit_dead dead;
};

/* What becomes of such entries, each with its id: the commit that says so, in the arena. */
struct commit work_entry_commit(struct arena *arena, const char *const *ids,
                                const struct work_entry *entries, size_t count);

#endif
