/*
 * The way to every shard of an installation that has many, also to those that this daemon does not
 * work on: scripts with the shard's prefix. What is asked there must not wait long, as all shards
 * of a node share one connection.
 */
#ifndef NUDGED_STORE_REACH_H
#define NUDGED_STORE_REACH_H

#include "redis/endpoint.h"
#include "redis/scripts.h"
#include "store/placement.h"

struct cluster;
struct event_base;
struct reach;

struct reach_options {
    struct event_base *base;
    const struct endpoint *endpoint; /* of a single Redis; copied */
    struct cluster *cluster;         /* in place of it, not its own; or NULL */
    const struct placement *placement;
};

/* Begins to connect; never fails by itself. All texts are copied. */
struct reach *reach_new(const struct reach_options *options);
void reach_destroy(struct reach **reach);

/* To shard 0 to count - 1. */
struct scripts *reach_scripts(const struct reach *reach, size_t shard);

/* To P:events itself, for who pushes as if there were one shard. */
struct connection *reach_unsharded(const struct reach *reach);

#endif
