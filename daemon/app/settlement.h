/*
 * What becomes of a message after an attempt: the outcome of the gateway, turned into
 * what the store writes.
 */
#ifndef NUDGED_APP_SETTLEMENT_H
#define NUDGED_APP_SETTLEMENT_H

#include <stdint.h>

#include "app/flight.h"
#include "core/policy.h"
#include "send/outcome.h"

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
