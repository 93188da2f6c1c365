/*
 * A destination: a gateway as delivery uses it. Its senders, its breaker, the row of those
 * it refused, and what it said last.
 */
#ifndef NUDGED_DELIVERY_DESTINATION_H
#define NUDGED_DELIVERY_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "config/config.h"
#include "delivery/attempt.h"
#include "delivery/domains.h"
#include "delivery/prepare.h"
#include "send/breaker.h"
#include "send/senders.h"
#include "send/suspicion.h"

struct destination {
    const struct config_gateway *config;
    struct senders *senders; /* NULL: not open */
    struct breaker breaker;
    size_t promised;         /* messages asked for, whose take or pass has no answer yet */
    size_t asked;            /* of these, by takes: there may be none */
    bool wanted;             /* a shard found no room since the last that was given back */
    int64_t paused_until_ms; /* an operator paused it: nothing is asked for it until then */
    struct suspicion suspicion;
    struct outcome failure; /* the last one: what a message met that was not sent; its words
                               as they may be told (log_masked) */
    int64_t failed_ms;      /* when, by the wall clock; 0: never */
    int64_t heard_ms;       /* when it was last heard of, by the monotonic clock; 0: never */
    size_t pace;            /* so many it dealt with in 10 ms, as was last seen, and so many … */
    size_t pace_count;
    int64_t pace_since_ms; /* … since then, by the monotonic clock */
    /* What it said since the daemon began: that it took a message, that it is to be tried again,
     * that it will not or may have. */
    uint64_t sent, retried, refused;
    struct domains domains;
};

/* It must stay where it is. False where its threads cannot be started. */
bool destination_open(struct destination *destination, const struct config_gateway *gateway,
                      struct diag *diag);
/* Attempts that were not collected do not come back. */
void destination_close(struct destination *destination);

/* How many messages it can begin now, beside those that were promised to it. */
size_t destination_room(const struct destination *destination);
/* How many it can take beside those, which wait in its hands for a connection: so the next message
 * is there as one gets free, and also while Redis is long over something. None where connections
 * are few, or it was not heard of a moment ago. */
size_t destination_room_ahead(const struct destination *destination);
/* How many may be decided together, and wait until all have room, and yet leave no connection idle:
 * half as many as there are connections, or wait ahead, are in hand still when they go. */
size_t destination_together(const struct destination *destination);
/* It was heard of so lately that a connection will be free soon. */
bool destination_is_lively(const struct destination *destination);
/* What waits for a connection of one that has fallen silent, or is so much slower now that it would
 * wait for long, comes back. True: of another something waits. */
bool destination_recall(const struct destination *destination);
/* Whether a message in hand may pass to it. A take under way, which mostly finds nothing, is no
 * reason to wait: should it find as many as there was room for, one of them waits for a thread. */
bool destination_has_room_to_pass(const struct destination *destination);
/* False: its breaker lets nothing through, and the channel's next gateway takes over. */
bool destination_takes_part(const struct destination *destination);

/* True while messages are asked for that some domain's bound on connections will count: until they
 * are known no more can be asked for. */
bool destination_is_counting(const struct destination *destination);
/* What the store is to mind when it is asked for messages; `common` of the configuration as it is
 * now. Good until the next call, and until a message is given or heard of. */
struct outbox_gateway destination_bounds(struct destination *destination,
                                         const struct gateway_common *common);

/* Gives the attempt to a sender. */
void destination_give(struct destination *destination, struct attempt *attempt);

/* Hears of an outcome; `suspected`: a refusal for which the gateway is to blame. */
void destination_hear(struct destination *destination, const struct attempt *attempt,
                      bool suspected, uint64_t random);

/* Until it may be used again, as far as can be known: its breaker lets a probe through, a
 * Retry-After is over. In ms; 0: now, or nobody knows. */
int64_t destination_wait_ms(const struct destination *destination);

/* Its breaker and its senders, as figures. */
void destination_figures(const struct destination *destination);

/* One JSON object: its state and its last failure, in which addresses are masked. */
void destination_status(const struct destination *destination, struct buf *out);

#endif
