/*
 * A destination: a gateway as delivery uses it. Its sender threads, its breaker, and who was
 * suppressed by its word.
 */
#ifndef NUDGED_DELIVERY_DESTINATION_H
#define NUDGED_DELIVERY_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "config/config.h"
#include "decide/policy.h"
#include "delivery/attempt.h"
#include "delivery/prepare.h"
#include "send/breaker.h"
#include "send/senders.h"
#include "store/shard.h"

struct destination {
    const struct config_gateway *config;
    const struct shard *shard;
    struct senders *senders; /* NULL: not open */
    struct breaker breaker;
    size_t promised; /* messages asked for, whose take has no answer yet */
    /* Addresses suppressed since the last message that was taken, by their hashes: where
     * the gateway turns out to be at fault, that is taken back. */
    char bounced[BREAKER_ROW][POLICY_HASH_SIZE];
    size_t bounced_count;
};

/* It must stay where it is. False where its threads cannot be started. */
bool destination_open(struct destination *destination, const struct config_gateway *gateway,
                      const struct shard *shard, struct diag *diag);
/* Attempts that were not collected do not come back. */
void destination_close(struct destination *destination);

/* How many messages it can begin now, beside those that were promised to it. */
size_t destination_room(const struct destination *destination);
/* False: its breaker lets nothing through, and the channel's next gateway takes over. */
bool destination_takes_part(const struct destination *destination);

/* Gives the attempt to a sender. */
void destination_give(struct destination *destination, struct attempt *attempt);

/* Hears of an outcome. True where the breaker holds the gateway itself to be at fault: the outcome
 * says so then, and nobody may stay suppressed by its word (the two below). */
bool destination_hear(struct destination *destination, struct attempt *attempt, uint64_t random);
/* Remembers who is suppressed by an outcome; `hash` NULL: nobody. */
void destination_note_bounce(struct destination *destination, enum outcome_kind kind,
                             const char *hash);
/* Takes the suppressions back, from results that are not settled yet. */
void destination_forgive(const struct destination *destination, struct attempt *attempts);
/* … and in Redis, and forgets them. */
void destination_lift(struct destination *destination);

/* Until its breaker lets a probe through, in ms; 0: it is not open. */
int64_t destination_wait_ms(const struct destination *destination);

#endif
