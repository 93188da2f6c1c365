/* What bounds a gateway, as store/outbox is told each time that it is asked for messages. */
#ifndef NUDGED_STORE_OUTBOX_GATEWAY_H
#define NUDGED_STORE_OUTBOX_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/arguments.h"

struct outbox_rate {
    int64_t count;  /* at most so many in any `per_ms`; 0: no limit */
    int64_t per_ms; /* below 0: a domain's part of a grant, with more of it after so many */
};

/* At most so many messages on any day: `first` since the first message, `growth` times as many from
 * each day to the next; from `until` on there is no bound. `first` 0: there is none at all. */
struct outbox_warmup {
    int64_t first, until;
    double growth; /* 1 or more */
};

/* What bounds a gateway's messages to a domain. */
struct outbox_domain {
    const char *name;        /* as base/mailbox has it; "": each that has no row of its own */
    struct outbox_rate rate; /* over all daemons */
    int64_t connections;     /* in this daemon; 0: no limit */
};

struct outbox_in_hand {
    const char *domain;
    int64_t count; /* messages that this daemon has in hand for the gateway */
};

/* A gateway, with what bounds it. Read at once by who is given it. */
struct outbox_gateway {
    const char *name;
    struct outbox_rate rate; /* over all daemons */
    bool own_only;           /* a take leaves its channel's queue to another gateway */
    struct outbox_warmup warmup;
    const struct outbox_domain *domains;
    size_t domain_count;
    const struct outbox_in_hand *in_hand; /* where a domain bounds connections */
    size_t in_hand_count;
    int64_t token_ms;   /* clock_monotonic_ms() of the grant (store/grants) of which the bounds are
                           the rest; 0: there is none, and they are counted where it is asked */
    int64_t granted_ms; /* likewise, by the clock of the Redis that granted it */
};

/* Whether something bounds it but its connections. */
bool outbox_gateway_is_bound(const struct outbox_gateway *gateway);
/* Whether something of that is counted over all daemons. */
bool outbox_gateway_is_shared(const struct outbox_gateway *gateway);

/* The row that bounds a domain; NULL: none does. */
const struct outbox_domain *outbox_gateway_domain(const struct outbox_gateway *gateway,
                                                  const char *domain);

/* As shared_bounds.lua reads it; texts are referred to. */
void outbox_gateway_print(const struct outbox_gateway *gateway, struct arguments *arguments);

#endif
