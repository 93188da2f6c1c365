/*
 * Which shard an event belongs to: that of the first key by which it names its customer, as it will
 * be read there (customer/shop_event). What tells those who watch a product names no customer, and
 * belongs to every shard; what names nobody at all belongs to shard 0, where it is a dead letter.
 */
#ifndef NUDGED_STORE_ROUTING_H
#define NUDGED_STORE_ROUTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "customer/shop_event.h"
#include "store/placement.h"

struct routing {
    size_t shard; /* 0 where it is `every` */
    bool every;
};

/* `event`: JSON, or anything; text NULL: there is none. What is read lies in the arena. An
 * installation of one shard reads nothing. */
struct routing routing_of(const struct placement *placement, const struct shop_event_form *form,
                          struct slice event, struct arena *arena);

/* Whether the event goes to that shard. */
static inline bool routing_has(const struct routing *routing, size_t shard)
{
    return routing->every || routing->shard == shard;
}

#endif
