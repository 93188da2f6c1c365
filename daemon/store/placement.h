/*
 * Where what stands: an installation is one shard, all of whose keys begin with P, or N shards, of
 * which shard k has the keys that begin with P{k}: what stands in the braces is all that a Redis
 * Cluster looks at, so that a shard is whole on one node (specification, "Hash tags").
 *
 * A person stands in the shard of the first key that an event names them by: the CRC-16 of the key
 * as it is spelt (customer/customer_key: "id:7"), modulo N. N never changes.
 */
#ifndef NUDGED_STORE_PLACEMENT_H
#define NUDGED_STORE_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { PLACEMENT_SHARDS_MOST = 1024 };

struct placement {
    const char *prefix; /* P */
    size_t shards;      /* 0: there is one, with P itself; else 1 to PLACEMENT_SHARDS_MOST */
};

/* How many shards there are; at least one. */
size_t placement_count(const struct placement *placement);

/* One shard's part of what is bound over all of them: at least 1, else never more in the sum. */
int64_t placement_part(const struct placement *placement, int64_t bound);

/* The prefix of a shard (0 to count - 1): "nudged{12}", or P. In the arena. */
const char *placement_prefix(const struct placement *placement, struct arena *arena, size_t shard);

/* The shard of a person, by a key of theirs. */
size_t placement_of(const struct placement *placement, const char *key);

/* One of the shards, and where else there are others. */
struct placement_home {
    const struct placement *placement; /* NULL: there are no others */
    size_t shard;
};

/* Whether the person of that key, or what is known of the key, stands in another shard. */
bool placement_is_away(const struct placement_home *home, const char *key);

/* The shard where all is known that was said under a name of P:said, an address above all: by the
 * PLACEMENT_NAME_SIZE digits of its hash, with which the hash in P:suppressed begins too. */
enum { PLACEMENT_NAME_SIZE = 16 };
size_t placement_of_name(const struct placement *placement, const char *hash);

#endif
