/* By what, and when, it is settled what becomes of a message. */
#ifndef NUDGED_DELIVERY_SETTLEMENT_SCENE_H
#define NUDGED_DELIVERY_SETTLEMENT_SCENE_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/policy.h"
#include "rules/ruleset.h"

struct log_group;
struct rule_sets;

struct settlement_scene {
    const struct ruleset *rules;
    const struct rule_sets *sets; /* what other daemons' rules may ask for; may be NULL */
    const struct policy *policy;
    int64_t wait_ms;  /* until one of the channel's gateways takes part; 0: one does */
    int64_t now_ms;   /* by Redis' clock */
    int64_t clock_ms; /* by the machine's, monotonic: for the log */
    uint64_t random;
    struct log_group *log_group; /* of the log's lines on failures; NULL: each is told */
    bool log_sent;               /* a line for each message that was sent */
};

#endif
