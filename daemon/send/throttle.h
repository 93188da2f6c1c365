/*
 * How many connections of a gateway may be used after it asked for less (421,
 * 429): halved at each such answer, at most once a second, raised by one after
 * each quiet ten seconds in which something was sent. Pure; the clock is passed in.
 * The rate in messages per time is not here: the store grants it over all daemons.
 */
#ifndef NUDGED_SEND_THROTTLE_H
#define NUDGED_SEND_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

#include "send/outcome.h"

enum { THROTTLE_HALVE_MS = 1000, THROTTLE_RAISE_MS = 10000 };

struct throttle {
    size_t most;        /* as configured, at least 1 */
    size_t allowed;     /* 1 to most */
    int64_t changed_ms; /* of the last halving or raising */
    int64_t quiet_ms;   /* nothing may be begun before this: a Retry-After with the 429 or 421 */
};

void throttle_init(struct throttle *throttle, size_t most);
void throttle_report(struct throttle *throttle, const struct outcome *outcome, int64_t now_ms);
/* Connections that may be used now: 0 during a Retry-After, else 1 to most. */
size_t throttle_allowed(const struct throttle *throttle, int64_t now_ms);
/* What is left of a Retry-After, in ms; 0: none. */
int64_t throttle_quiet_ms(const struct throttle *throttle, int64_t now_ms);

#endif
