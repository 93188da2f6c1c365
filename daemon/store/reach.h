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

struct event_base;
struct reach;

/* Begins to connect; never fails by itself. All texts are copied. */
struct reach *reach_new(struct event_base *base, const struct endpoint *endpoint,
                        const struct placement *placement);
void reach_destroy(struct reach **reach);

/* To shard 0 to count - 1. */
struct scripts *reach_scripts(const struct reach *reach, size_t shard);

/* To P:events itself, for who pushes as if there were one shard. */
struct connection *reach_unsharded(const struct reach *reach);

#endif
