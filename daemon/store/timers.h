/*
 * Deadlines of customers: P:due holds each customer's earliest, and those in work stand
 * in P:taken with a lease of 30 s, after which they are due again. All by Redis' clock.
 *
 * A deadline T is due when now >= T + settle, and everything that Redis accepted until T was
 * decided, or was pending for 30 s at a daemon that lives; docs/redis.md has it in full.
 */
#ifndef NUDGED_STORE_TIMERS_H
#define NUDGED_STORE_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/scripts.h"
#include "store/instance.h"

enum { TIMERS_LEASE_MS = 30000, TIMERS_SETTLE_MOST_MS = 30000, TIMERS_POLL_MS = 3000 };

struct timers;

struct timers_options {
    struct scripts *scripts;
    const struct instance *instance;
    int64_t settle_ms; /* 0 to 30,000 */
    const char *inbox; /* the list's key, as intake_inbox() has it; "": none */
};

struct timers *timers_new(const struct timers_options *options);
void timers_destroy(struct timers **timers);

struct timers_customer {
    const char *key;
    int64_t deadline_ms; /* as it stood in P:due; the document knows better */
};

struct timers_taken {
    const struct diag *fault; /* NULL, or why it failed: then there is nothing else */
    const struct timers_customer *customers; /* in order of deadline */
    size_t count;
    int64_t next_ms; /* ask again after so many: 0 (there are more) to TIMERS_POLL_MS */
};

typedef void timers_callback(void *context, const struct timers_taken *taken);

/* Takes up to `most` customers that are due; their commits take them out of P:taken. */
void timers_take(struct timers *timers, size_t most, timers_callback *callback, void *context);

#endif
