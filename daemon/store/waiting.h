/*
 * What waits outside of the outbox: messages for their next try, and for an operator's word; sends
 * for room in it. Asked again and again; the last answer is kept.
 */
#ifndef NUDGED_STORE_WAITING_H
#define NUDGED_STORE_WAITING_H

#include <stdint.h>

#include "redis/scripts.h"

struct waiting {
    struct connection_owner owner;
    int64_t later;                              /* in P:later */
    int64_t uncertain;                          /* in P:uncertain */
    int64_t paused;                             /* gateways, in P:paused */
    int64_t full_transactional, full_marketing; /* customers in P:full:<class> */
};

/* All zero at first. `waiting` stays where it is until the connection is destroyed. Where
 * Redis gives no answer, the figures stay as they are. */
void waiting_ask(struct waiting *waiting, struct scripts *scripts);

/* Makes customers that wait for room due: as many as there is room for messages, by class. They are
 * decided by whichever daemon takes their deadlines. */
void waiting_wake(struct waiting *waiting, struct scripts *scripts, int64_t transactional,
                  int64_t marketing);

#endif
