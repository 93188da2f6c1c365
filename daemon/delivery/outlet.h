/*
 * An outlet: a gateway as delivery uses it. Its sender threads, its breaker, what renders for
 * it, and who was suppressed by its word.
 */
#ifndef NUDGED_DELIVERY_OUTLET_H
#define NUDGED_DELIVERY_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "config/config.h"
#include "decide/policy.h"
#include "delivery/flight.h"
#include "delivery/prepare.h"
#include "redis/scripts.h"
#include "send/breaker.h"
#include "send/senders.h"
#include "store/instance.h"

struct outlet {
    const struct config_gateway *config;
    const struct instance *instance;
    struct senders *senders; /* NULL: not open */
    struct breaker breaker;
    struct prepare prepare;
    size_t promised; /* messages asked for, whose take has no answer yet */
    /* Addresses suppressed since the last message that was taken, by their hashes: where
     * the gateway turns out to be at fault, that is taken back. */
    char bounced[BREAKER_ROW][POLICY_HASH_SIZE];
    size_t bounced_count;
};

/* The outlet must stay where it is. False where its threads cannot be started. */
bool outlet_open(struct outlet *outlet, const struct config *config,
                 const struct config_gateway *gateway, const struct policy *policy,
                 const struct instance *instance, struct diag *diag);
/* Jobs not collected are destroyed. */
void outlet_close(struct outlet *outlet);

/* How many messages it can begin now, beside those that were promised to it. */
size_t outlet_room(const struct outlet *outlet);
/* Its breaker lets nothing through: the channel's next gateway takes over. */
bool outlet_is_closed(const struct outlet *outlet);

/* Gives the flight's job to a sender. */
void outlet_begin(struct outlet *outlet, struct flight *flight, struct job *job);

/* Hears of an outcome. True where the breaker holds the gateway itself to be at fault: the outcome
 * says so then, and nobody may stay suppressed by its word (the two below). */
bool outlet_hear(struct outlet *outlet, struct job *job, uint64_t random);
/* Minds who is suppressed by an outcome; `hash` NULL: nobody. */
void outlet_mind_bounce(struct outlet *outlet, enum outcome_kind kind, const char *hash);
/* Takes the suppressions back, from results that are not settled yet. */
void outlet_pardon(const struct outlet *outlet, struct flight *flights);
/* … and in Redis, and forgets them. */
void outlet_lift(struct outlet *outlet, struct scripts *scripts);

/* Until its breaker lets a probe through, in ms; 0: it is not open. */
int64_t outlet_wait_ms(const struct outlet *outlet);

#endif
