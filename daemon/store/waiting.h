/*
 * How many messages wait outside of the outbox: for their next try, and for an operator's
 * word. Asked again and again; the last answer is kept.
 */
#ifndef NUDGED_STORE_WAITING_H
#define NUDGED_STORE_WAITING_H

#include <stdint.h>

#include "redis/scripts.h"

struct waiting {
    struct connection_owner owner;
    int64_t later;     /* in P:later */
    int64_t uncertain; /* in P:uncertain */
};

/* All zero at first. `waiting` stays where it is until the connection is destroyed. Where
 * Redis gives no answer, the figures stay as they are. */
void waiting_ask(struct waiting *waiting, struct scripts *scripts);

#endif
