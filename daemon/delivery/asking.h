/*
 * Before a message of one of many shards begins, the shard of its address is asked whether anything
 * stands against it there that its own does not know yet (store/address_words). While that is asked
 * its connection is kept for it. What objects is made known to the message's own shard, which ends
 * the message then, as it would any other.
 */
#ifndef NUDGED_DELIVERY_ASKING_H
#define NUDGED_DELIVERY_ASKING_H

#include <stdbool.h>
#include <stddef.h>

#include "delivery/attempt.h"
#include "delivery/destination.h"
#include "store/routes.h"

struct asking;
struct event_base;

struct asking_options {
    struct event_base *base;
    struct shard *shard;
    struct routes routes;
    /* Nothing stands against it: to be given to that destination. */
    void (*free)(void *context, struct attempt *attempt, struct destination *destination);
    /* To be given back: its shard knows by now why it must not be sent. */
    void (*objected)(void *context, struct attempt *attempt, struct destination *destination);
    /* Nobody could say: to be tried again in a while. */
    void (*unknown)(void *context, struct attempt *attempt, struct destination *destination);
    void *context;
};

struct asking *asking_new(const struct asking_options *options);
/* Attempts that are being asked about end. */
void asking_destroy(struct asking **asking);

/* False: there is nobody to ask, and nothing happens. Else the attempt comes back by one of the
 * callbacks, later. */
bool asking_begin(struct asking *asking, struct attempt *attempt, struct destination *destination);

#endif
