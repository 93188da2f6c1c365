/*
 * A message's life in one shard: taken from the outbox, rendered and handed over in a sender
 * thread, settled with what the gateway said.
 */
#ifndef NUDGED_DELIVERY_DELIVERY_H
#define NUDGED_DELIVERY_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/generation.h"
#include "delivery/gateways.h"
#include "store/outbox_at_once.h"
#include "store/routes.h"
#include "store/shard.h"

struct delivery;
struct event_base;
struct log_group;

struct delivery_options {
    struct event_base *base;
    const struct config *config; /* as it started: its channels and gateways */
    struct shard *shard;
    struct routes routes;        /* to all shards, where there are many; else all zero */
    struct gateways *gateways;   /* not its own; it joins them */
    struct log_group *log_group; /* not its own */
    struct generation *(*generation)(void *context); /* the one in force */
    void (*on_room)(void *context);                  /* a place may be free that was not */
    void *context;
};

struct delivery *delivery_new(const struct delivery_options *options);
void delivery_destroy(struct delivery **delivery);

/* Messages are taken between start and drain. */
void delivery_start(struct delivery *delivery);
/* There is something in the outbox: looks at once, instead of at the next tick. */
void delivery_wake(struct delivery *delivery);

/* To begin messages as soon as they are decided. */
struct outbox_at_once delivery_at_once(struct delivery *delivery);

/* Another generation is in force, with rates of its own: what waits for a token asks anew. */
void delivery_reload(struct delivery *delivery);

/* Nothing more is taken; what was begun goes on. */
void delivery_drain(struct delivery *delivery);
/* True while a message is asked for, with a sender, or not yet settled. */
bool delivery_busy(const struct delivery *delivery);

/* Channels whose marketing waited for events when it was last asked for. */
size_t delivery_behind(const struct delivery *delivery);

#endif
