/* A node of a Redis Cluster that is asked how many keys of a slot lie there, over a link of its
 * own. */
#ifndef NUDGED_REDIS_WITNESS_H
#define NUDGED_REDIS_WITNESS_H

#include <stdint.h>

#include "redis/endpoint.h"

struct event_base;
struct witness;

/* `count`: how many; -1: it did not say, and why. The witness may be destroyed from within. */
typedef void witness_on_word(void *context, int64_t count, const char *reason);

struct witness_options {
    struct event_base *base;
    const struct endpoint *endpoint;   /* how nodes are reached, but for host and port */
    const struct endpoint_seed *where; /* copied, like that */
    int slot;
    witness_on_word *on_word; /* comes once, within 2 s */
    void *context;
};

struct witness *witness_new(const struct witness_options *options);
void witness_destroy(struct witness **witness);

#endif
