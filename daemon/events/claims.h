/* What a commit tells other shards of the keys that it makes its person's, or erases. */
#ifndef NUDGED_EVENTS_CLAIMS_H
#define NUDGED_EVENTS_CLAIMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "events/work.h"
#include "store/commit.h"
#include "store/placement.h"

struct claims {
    const struct placement_home *home; /* NULL: there are no other shards */
    const char *by;                    /* the person */
    int64_t now_ms;
};

/* Keys of other shards among the commit's redirects are claimed there, and those among its erased
 * are told of it. */
void claims_make(const struct claims *claims, struct arena *arena, struct commit *commit);

void claims_add_stray(struct arena *arena, struct commit *commit, const struct commit_stray *stray);

/* Whether another shard is to hear of it. */
bool claims_go_out(const struct commit *commit);

#endif
