/*
 * What becomes of a message after an attempt: the outcome of the gateway, turned into
 * what the store writes. A flight is a message between its taking and its settling.
 */
#ifndef NUDGED_APP_SETTLEMENT_H
#define NUDGED_APP_SETTLEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "app/generation.h"
#include "core/policy.h"
#include "send/job.h"
#include "send/outcome.h"
#include "store/outbox.h"

struct flight {
    struct flight *next;
    struct arena *arena; /* of all its texts */
    const char *mid, *entry, *customer, *channel, *body;
    size_t body_length;
    bool hold; /* on_uncertain */
    int64_t attempts, give_up_ms;
    const char *gateway; /* its name; NULL before one is chosen */
    bool probe;
    void *owner;                   /* app/delivery's */
    struct generation *generation; /* held while the job is under way */
    struct job *job;               /* likewise */
    struct outbox_result result;   /* once it has landed */
};

struct flight *flight_new(const struct outbox_message *message);
void flight_destroy(struct flight **flight);

struct settlement_scene {
    const struct ruleset *rules;
    const struct policy *policy;
    int64_t breaker_wait_ms; /* until the gateway's breaker lets a probe through; 0: closed */
    int64_t now_ms;          /* by Redis' clock */
    uint64_t random;
};

/* Fills flight->result. */
void settlement_make(struct flight *flight, const struct outcome *outcome,
                     const struct settlement_scene *scene);

/* It was not begun: the one gateway that may send it is not to be had now. */
void settlement_postpone(struct flight *flight);

#endif
