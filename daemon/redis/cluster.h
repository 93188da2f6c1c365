/*
 * A Redis Cluster as one process sees it: which master serves which slot, as any node that answers
 * says, and one link to each master, over which the commands of all connections to its slots go.
 * What it looks like is learnt when the first connection asks, and again whenever a node is lost or
 * an answer shows that it has changed: after 50 ms to 1 s with full jitter, however many
 * connections ask for it.
 *
 * To a connection (redis/connection) a slot that moves, a master that fails, a cluster that is
 * down is a lost connection, which is ready again when the slot is served again as a whole.
 *
 * A master that Sentinels watch is one that serves all slots: who it is they are asked, as nodes of
 * a cluster are, and `+switch-master` of theirs is a doubt. Connections to it do not share links.
 */
#ifndef NUDGED_REDIS_CLUSTER_H
#define NUDGED_REDIS_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "redis/endpoint.h"
#include "redis/server_link.h"

struct cluster;
struct event_base;

struct cluster_options {
    struct event_base *base;
    struct endpoint endpoint; /* with seeds; copied, with its texts */
    const char *name;         /* for CLIENT LIST, as of a connection; may be NULL */
    bool brief;               /* it is gone too soon for listening to Sentinels to be of use */
};

struct cluster *cluster_new(const struct cluster_options *options);
/* After the last of its connections, and not from within a callback of theirs. */
void cluster_destroy(struct cluster **cluster);

/* ---- For redis/connection ---- */

/* A connection's place: with the master who serves its slot. Stays where it is while it sits. */
struct cluster_seat {
    int slot;
    bool own; /* a link of its own, and that one's options, but for base and endpoint; their name
                 outlives the seat */
    struct server_link_options options;
    /* The link to who serves the slot, other than before: what was held is gone when this returns.
     * NULL: nobody is known to, and why; that comes after each time that it was asked in vain. */
    void (*on_link)(void *context, struct server_link *link, const char *reason);
    void (*on_sure)(void *context); /* what was asked by cluster_confirm() is so */
    void *context;
    /* The cluster's. */
    struct cluster_node *node; /* NULL: not known */
    struct server_link *link;  /* its own */
    struct cluster_seat *next;
    unsigned told;  /* of which news it has heard */
    unsigned since; /* the time of learning that makes it sure; 0: it does not ask for that */
};

/* on_link may come at once, with a link. */
void cluster_sit(struct cluster *cluster, struct cluster_seat *seat);
/* The holder is detached. */
void cluster_rise(struct cluster *cluster, struct cluster_seat *seat);

/* Learns anew at once: on_sure, where the seat is right where it is; else on_link. */
void cluster_confirm(struct cluster *cluster, struct cluster_seat *seat);

/* Whether the seat is with that node. */
bool cluster_sits_at(const struct cluster_seat *seat, const struct endpoint_seed *where);
/* Its address, as in its options. */
const struct endpoint *cluster_endpoint(const struct cluster *cluster);

/* Somewhere it does not look as it was learnt, so it is learnt anew. `error`: of a node that does
 * not serve a slot, which may name one that does; NULL: none. */
void cluster_doubt(struct cluster *cluster, const char *error);

#endif
