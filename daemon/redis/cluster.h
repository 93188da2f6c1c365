/*
 * A Redis Cluster as one process sees it: which master serves which slot, as any node that answers
 * says, and one link to each master, over which the commands of all connections to its slots go.
 * What it looks like is learnt at the start, and again whenever a node is lost or an answer shows
 * that it has changed: after 50 ms to 5 s with full jitter, however many connections ask for it.
 *
 * To a connection (redis/connection) a slot that moves, a master that fails, a cluster that is
 * down is a lost connection, which is ready again when the slot is served again as a whole.
 */
#ifndef NUDGED_REDIS_CLUSTER_H
#define NUDGED_REDIS_CLUSTER_H

#include "redis/endpoint.h"

struct cluster;
struct event_base;

struct cluster_options {
    struct event_base *base;
    struct endpoint endpoint; /* with seeds; copied, with its texts */
    const char *name;         /* for CLIENT LIST, as of a connection; may be NULL */
};

/* Begins to learn when the first connection asks; never fails by itself. */
struct cluster *cluster_new(const struct cluster_options *options);
/* After the last of its connections, and not from within a callback of theirs. */
void cluster_destroy(struct cluster **cluster);

#endif
