/*
 * Commits of a batch on their way to Redis: as many as came together go in one call. Messages among
 * them that a gateway is free for begin at once, without a way through the outbox: the commit makes
 * them this daemon's, and with its answer they are handed to delivery.
 */
#ifndef NUDGED_EVENTS_GATHERING_H
#define NUDGED_EVENTS_GATHERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "store/outbox_at_once.h"
#include "store/shard.h"

struct event_base;
struct gathering;
struct work;

struct gathering_options {
    struct event_base *base;
    struct shard *shard;
    const struct outbox_at_once *at_once; /* may be set until something is gathered */
    /* What came of a commit, and how many of its messages stand in the outbox now. */
    void (*answered)(struct work *work, const struct commit_result *result, size_t queued);
    /* What was gathered, with so many messages, is on its way: there is room for more. */
    void (*sent)(void *context, uint32_t messages);
    void *context; /* of `sent` */
};

struct gathering *gathering_new(const struct gathering_options *options);
void gathering_destroy(struct gathering **gathering);

/* Goes out in the next turn of the loop, or a little later, where its messages will have
 * connections then. It is copied into the arena; what it refers to must live until its answer. */
void gathering_add(struct gathering *gathering, struct arena *arena, const struct commit *commit,
                   struct work *work);

/* There may be a connection for what waits. */
void gathering_look(struct gathering *gathering);

/* True where as much was gathered as should go together. */
bool gathering_is_full(const struct gathering *gathering);

#endif
