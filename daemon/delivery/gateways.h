/*
 * The gateways of the daemon, which the deliveries of all its shards share: each a destination,
 * with the loop's watch over its senders. What comes back from these goes to the delivery of the
 * shard whose message it was.
 */
#ifndef NUDGED_DELIVERY_GATEWAYS_H
#define NUDGED_DELIVERY_GATEWAYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "config/config.h"
#include "config/generation.h"
#include "delivery/attempt.h"
#include "delivery/blame.h"
#include "delivery/destination.h"
#include "delivery/hand.h"
#include "delivery/sent.h"

struct event_base;
struct gateways;

struct gateways_options {
    struct event_base *base;
    const struct config *config;                     /* as it started */
    size_t shards;                                   /* their numbers are 0 to `shards` - 1 */
    struct generation *(*generation)(void *context); /* the one in force */
    void *context;
};

/* The delivery of one shard, as the gateways call it; from the loop. */
struct gateways_member {
    void (*on_outcome)(void *context, struct destination *destination, struct attempt *attempt);
    /* Connections are free again. */
    void (*on_freed)(void *context);
    /* Room that was promised to another shard is not needed. */
    void (*on_given_back)(void *context);
    /* The gateway is to blame for its row: what is in it and is not settled is forgiven, and waits
     * for so many ms. */
    void (*on_blamed)(void *context, const struct destination *destination, int64_t wait_ms);
    void *context;
};

/* NULL where the threads of their senders cannot be started. */
struct gateways *gateways_new(const struct gateways_options *options, struct diag *diag);
/* Attempts that were not collected do not come back. */
void gateways_destroy(struct gateways **gateways);

/* The member is copied. A shard leaves when none of its messages is in hand. */
void gateways_join(struct gateways *gateways, size_t shard, const struct gateways_member *member,
                   struct amends *amends);
void gateways_leave(struct gateways *gateways, size_t shard);

/* What they took lately. */
struct sent *gateways_sent(struct gateways *gateways);
/* What is in hand, for the daemon's next life; NULL: that will know nothing. */
struct hand *gateways_hand(struct gateways *gateways);
/* Who is to blame for what they refuse. */
struct blame *gateways_blame(struct gateways *gateways);
/* Room that was promised to one shard is not needed: who found none meanwhile hears so, soon. */
void gateways_give_back(struct gateways *gateways, struct destination *destination);
/* All members hear that a gateway is to blame. */
void gateways_forgive(struct gateways *gateways, const struct destination *destination,
                      int64_t wait_ms);

struct destination *gateways_of(struct gateways *gateways, const struct config_gateway *config);
/* NULL: none is configured by that name. */
struct destination *gateways_named(struct gateways *gateways, const char *name);

/* Its settings as the generation in force has them. */
const struct gateway_common *gateways_common(const struct gateways *gateways,
                                             const struct destination *destination);
/* destination_bounds() by these. */
struct outbox_gateway gateways_bounds(struct gateways *gateways,
                                      const struct destination *destination);

/* No new attempt is begun; what was begun goes on. */
void gateways_drain(struct gateways *gateways);
/* After that: begun transfers that are left are cut, and come back. Blocks for about a second at
 * most. */
void gateways_cut(struct gateways *gateways);

/* How they are now, as figures: destination_figures(). */
void gateways_figures(const struct gateways *gateways);
/* As items of a JSON list: destination_status(). */
void gateways_status(const struct gateways *gateways, struct buf *out);

#endif
