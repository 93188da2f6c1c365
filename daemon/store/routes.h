/* How who has to do with several shards comes to the scripts of each. */
#ifndef NUDGED_STORE_ROUTES_H
#define NUDGED_STORE_ROUTES_H

#include <stddef.h>

#include "redis/scripts.h"
#include "store/placement.h"

struct routes {
    struct placement placement; /* its text outlives it */
    /* The scripts of a shard, good for as long as who asks; NULL: it cannot be reached now. */
    struct scripts *(*scripts_of)(void *context, size_t shard);
    void *context;
    struct scripts *only; /* without scripts_of, where there is one shard: its own */
};

static inline struct scripts *routes_scripts(const struct routes *routes, size_t shard)
{
    return routes->scripts_of ? routes->scripts_of(routes->context, shard) : routes->only;
}

#endif
