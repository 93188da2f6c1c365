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
#include "store/shard.h"

struct event_base;
struct gathering;
struct work;

/* Who sends. `context` is of each. */
struct at_once_options {
    /* Keeps a connection of one of the channel's gateways, whose name is set, for a message. */
    enum outbox_place (*place)(void *context, const char *channel, const char **gateway);
    /* It is not needed after all. */
    void (*leave)(void *context, const char *gateway);
    /* It is: the message is this daemon's, under that lease. Gone when the callback returns. */
    void (*begin)(void *context, const char *gateway, int64_t term,
                  const struct outbox_message *message);
    /* So many messages may be decided together and yet leave no connection idle. */
    size_t (*together)(void *context);
    void *context;
};

struct gathering_options {
    struct event_base *base;
    struct shard *shard;
    struct at_once_options at_once;
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
