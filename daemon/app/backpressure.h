/*
 * No new events while too many messages wait, for their first try or for a next one: Redis would
 * fill up with what nobody can send. Counts them twice a second, and holds the intake back.
 */
#ifndef NUDGED_APP_BACKPRESSURE_H
#define NUDGED_APP_BACKPRESSURE_H

#include <stdint.h>

#include "store/shard.h"

struct backpressure;

struct backpressure_options {
    struct event_base *base;
    struct shard *shard; /* outlives the object; no answer comes after it is destroyed */
    int64_t most;        /* messages; events are taken again below nine tenths of it */
};

struct backpressure *backpressure_new(const struct backpressure_options *options);
void backpressure_destroy(struct backpressure **backpressure);

/* Begins to count; ends it, for good: an answer that is under way changes nothing any more. */
void backpressure_start(struct backpressure *backpressure);
void backpressure_stop(struct backpressure *backpressure);

/* The messages in the outbox, as they were counted last. */
int64_t backpressure_outbox(const struct backpressure *backpressure);

#endif
