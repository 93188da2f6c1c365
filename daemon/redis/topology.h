/*
 * Who serves which slot, as a node of a Redis Cluster told it (`CLUSTER SLOTS`). That command and
 * not `CLUSTER SHARDS`, which in Redis 7.2 and 7.4 says of a shard whose first node is a master
 * that has failed, and whose replica has taken over, that nobody serves its slots.
 *
 * The master that Sentinels watch serves all slots.
 */
#ifndef NUDGED_REDIS_TOPOLOGY_H
#define NUDGED_REDIS_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "redis/endpoint.h"
#include "redis/reply.h"

struct topology_range {
    int first, last; /* slots */
    struct endpoint_seed master;
};

struct topology {
    const struct endpoint_seed *nodes; /* who can be asked: masters and replicas, or Sentinels */
    size_t node_count;
    const struct topology_range *ranges;
    size_t range_count;
};

/* Reads the answer of the node at the host `asked`, whose own host it is where the answer has none
 * ("unknown-endpoint", or a node that does not know its address). All lies in the arena. False
 * where that is no such answer, or the node knows nobody who serves anything: `diag` says which. */
bool topology_read(struct arena *arena, const struct reply *reply, const char *asked,
                   struct topology *topology, struct diag *diag);

/* What the Sentinel `asked` answers: `SENTINEL GET-MASTER-ADDR-BY-NAME` of the name `master`, and
 * `SENTINEL SENTINELS`, which may be an error. Who answered is the first of the nodes. */
bool topology_read_sentinel(struct arena *arena, const struct reply *address,
                            const struct reply *others, const struct endpoint_seed *asked,
                            const char *master, struct topology *topology, struct diag *diag);

/* The configuration epoch in a Sentinel's answer to `SENTINEL MASTER`; -1: it may not say, or does
 * not know. The address there is not read: while a failover ends it is still the old master's,
 * under the epoch of the new one. */
int64_t topology_epoch(const struct reply *master);

/* The other Sentinels that one knows, by its answer to `SENTINEL SENTINELS`. As each knows all but
 * itself, the marks of two differ, and one has the same under all of its names. */
struct topology_peers {
    bool known; /* false: it may not say */
    size_t count;
    uint64_t mark;
};

struct topology_peers topology_peers(const struct reply *others);

/* With all that it refers to in the arena. */
struct topology topology_copy(struct arena *arena, const struct topology *topology);

/* NULL where nobody serves the slot. */
const struct endpoint_seed *topology_master(const struct topology *topology, int slot);

#endif
