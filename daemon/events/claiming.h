/*
 * Keys of a person in several shards. A key's own shard knows whom it names, and what a commit of
 * another shard makes its person's key is claimed there (events/claims). Here is what comes of what
 * is about another shard: such notices, and events of a person who stands elsewhere. Nothing is
 * asked or written here, and nothing is decided but where a person stands.
 *
 * Two ids never become one: of two that claim a key it is whose claim is the newer, if that came of
 * an event with the id. Who has no id becomes part of whom claims them, if that is an id; of two
 * without one the key that is the lesser text stays. Everybody leaves by their own shard alone, so
 * any number of claims that cross come to one end.
 */
#ifndef NUDGED_EVENTS_CLAIMING_H
#define NUDGED_EVENTS_CLAIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "decide/policy.h"
#include "events/work.h"
#include "store/commit.h"
#include "store/placement.h"

struct claiming {
    const struct placement_home *home;
    const struct policy *policy;
    const char *const *key_paths;
    struct arena *round; /* all that is made lies here */
    int64_t now_ms;
};

/* How many of the work's first events, at most `most`, stand before the next notice; 1 where the
 * first is one. */
uint32_t claiming_cut(struct arena *arena, const struct work *work, uint32_t most);

/* True where it is not for deciding: what was chosen of the work, whose person is known, comes to
 * this commit. */
bool claiming_takes(const struct claiming *claiming, const struct work *work,
                    struct commit *commit);

#endif
