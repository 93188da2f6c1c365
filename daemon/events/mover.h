/*
 * Brings events into the shards that they belong to (store/routing), from a stream to which they
 * came otherwise: P:events, where a shop pushes as if there were but one shard, or P{3}:strays,
 * where shard 3 has put aside what is not its own (store/aside).
 *
 * It reads that stream from its beginning, puts what it has found into the shards, in order, where
 * each entry is remembered by its place (store/carrying), and deletes it only when all who are to
 * have it do. So one daemon may die at any step and another begin anew, or two do the same at once:
 * nothing is lost or doubled, and what comes by this way keeps its order in each shard.
 *
 * A shard that does not answer holds up only what is its own.
 */
#ifndef NUDGED_EVENTS_MOVER_H
#define NUDGED_EVENTS_MOVER_H

#include <stdbool.h>

#include "customer/shop_event.h"
#include "redis/connection.h"
#include "store/routes.h"

struct event_base;
struct mover;

struct mover_options {
    struct event_base *base;
    struct connection *source; /* to where the stream is */
    const char *stream;        /* its key; copied */
    struct routes routes;
    struct shop_event_form form; /* of the installation; its texts outlive the mover */
    /* The daemon's, copied: of many that could, mostly one does it, which P{0}:mover tells. NULL:
     * nobody is asked. */
    const char *name;
};

/* It does not begin by itself. */
struct mover *mover_new(const struct mover_options *options);
void mover_destroy(struct mover **mover);

void mover_start(struct mover *mover);
/* There is something new: it looks at once. One that agrees with others looks each second anyway.
 */
void mover_wake(struct mover *mover);
/* Nothing more is begun; what is under way ends. */
void mover_stop(struct mover *mover);
/* Whether something is under way. */
bool mover_busy(const struct mover *mover);

#endif
