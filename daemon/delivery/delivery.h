/*
 * A message's life: taken from the outbox, rendered and handed over in a sender
 * thread, settled with what the gateway said.
 */
#ifndef NUDGED_DELIVERY_DELIVERY_H
#define NUDGED_DELIVERY_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "config/config.h"
#include "config/generation.h"
#include "store/outbox_at_once.h"
#include "store/shard.h"

struct delivery;
struct event_base;
struct log_group;

struct delivery_options {
    struct event_base *base;
    const struct config *config; /* as it started: its channels and gateways */
    struct shard *shard;
    struct log_group *log_group;                     /* not its own */
    struct generation *(*generation)(void *context); /* the one in force */
    void (*on_room)(void *context);                  /* a place may be free that was not */
    void *context;
};

/* NULL where the sender threads cannot be started. */
struct delivery *delivery_new(const struct delivery_options *options, struct diag *diag);
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
/* After the drain: begun transfers that are left are cut; all results are then on their way
 * to the store. Blocks for about a second at most. */
void delivery_cut(struct delivery *delivery);
/* True while a message is asked for, with a sender, or not yet settled. */
bool delivery_busy(const struct delivery *delivery);

/* Channels whose marketing waited for events when it was last asked for. */
size_t delivery_behind(const struct delivery *delivery);

/* Tells how the gateways are now as figures: destination_figures(). */
void delivery_figures(const struct delivery *delivery);

/* The gateways, as items of a JSON list: destination_status(). */
void delivery_status(const struct delivery *delivery, struct buf *out);

#endif
