/*
 * What bounds a gateway by domain, and how many messages it has in hand for each: the store keeps
 * the rates of all daemons, but the connections are this daemon's own.
 */
#ifndef NUDGED_DELIVERY_DOMAINS_H
#define NUDGED_DELIVERY_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/bounds.h"
#include "store/outbox.h"

struct domains {
    struct outbox_domain rows[BOUNDS_DOMAINS_MOST]; /* what domains_fill() made last */
    struct outbox_in_hand *in_hand;                 /* of each domain with messages in hand */
    size_t count;
    bool counted; /* some domain bounds the connections */
};

/* A zeroed struct is empty. Frees what it holds. */
void domains_clear(struct domains *domains);

/* One more or one less in hand for it; "": of no domain, which is not counted. */
void domains_begin(struct domains *domains, const char *domain);
void domains_end(struct domains *domains, const char *domain);

/* What the store is to mind, by the configuration as it is now: good until the next call here. */
void domains_fill(struct domains *domains, const struct bounds *bounds,
                  struct outbox_gateway *gateway);

#endif
