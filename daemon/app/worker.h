/*
 * All that works on one shard: what stands in its Redis, the life of its events and of its
 * messages. It begins by itself when the instance has its lease there. A daemon has one for each
 * shard that it works on; where an installation has one shard, one.
 */
#ifndef NUDGED_APP_WORKER_H
#define NUDGED_APP_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "config/config.h"
#include "config/generation.h"
#include "delivery/gateways.h"
#include "events/sweeper.h"
#include "events/workspace.h"
#include "redis/endpoint.h"
#include "store/routes.h"
#include "store/shard.h"

struct archive;
struct event_base;
struct log_group;
struct worker;

struct worker_options {
    struct event_base *base;
    const struct config *config; /* as it started */
    const struct endpoint *endpoint;
    struct cluster *cluster;       /* in place of it; or NULL */
    size_t number;                 /* the shard's */
    struct routes routes;          /* to all shards, where there are many; else all zero */
    struct turns *turns;           /* of all shards */
    struct workspaces *workspaces; /* likewise */
    struct gateways *gateways;
    struct archive *archive; /* NULL: none is kept */
    struct log_group *log_group;
    /* None of these is its own. */

    struct generation *(*generation)(void *context); /* in force */
    void (*on_connection)(void *context, bool ready, const char *reason);
    /* It works now, for the first time. */
    void (*on_ready)(void *context, struct worker *worker);
    /* The daemon must end, with this status of sysexits(3). */
    void (*on_refused)(void *context, const struct diag *fault, int status);
    void (*on_erased)(void *context);
    void *context;
};

/* Begins to connect and to enter. Never fails by itself. */
struct worker *worker_new(const struct worker_options *options);
void worker_destroy(struct worker **worker);

struct shard *worker_shard(const struct worker *worker);
/* It has its lease, and Redis is there. */
bool worker_works(const struct worker *worker);

/* Nothing more is begun; what was begun goes on. Further calls do nothing. */
void worker_drain(struct worker *worker);
/* After that: whether something is still under way. */
bool worker_busy(const struct worker *worker);
/* After that: gives up the lease. `done` comes later, once, also where Redis is away. */
void worker_leave(struct worker *worker, void (*done)(void *context), void *context);

/* Another generation is in force. */
void worker_reload(struct worker *worker);
/* Each second, while the daemon runs: asks Redis for what is looked at again and again. */
void worker_beat(struct worker *worker);

/* What it is like. */
struct worker_view {
    int64_t outbox, later, uncertain; /* messages */
    int64_t paused;                   /* gateways */
    int64_t full;                     /* customers whose sends wait for room */
    size_t behind;                    /* channels whose marketing waits for events */
    struct sweeper_view clocks;
};
struct worker_view worker_view(const struct worker *worker);

#endif
