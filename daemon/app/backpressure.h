/*
 * How much room the outbox has: above its bound no new marketing is put there, above twice the
 * bound nothing at all. Such sends wait, in the customers' documents (decide/room), and are woken
 * here when there is room. Events are always read and decided: an order or an opt-out must not
 * wait.
 *
 * Messages are counted twice a second, those that wait for a next try too; what this daemon
 * has decided since is added.
 */
#ifndef NUDGED_APP_BACKPRESSURE_H
#define NUDGED_APP_BACKPRESSURE_H

#include <stdint.h>

#include "decide/room.h"
#include "store/shard.h"

struct backpressure;

struct backpressure_options {
    struct event_base *base;
    struct shard *shard; /* outlives the object; no answer comes after it is destroyed */
    int64_t most;        /* messages, for marketing */
};

struct backpressure *backpressure_new(const struct backpressure_options *options);
void backpressure_destroy(struct backpressure **backpressure);

/* Begins to count; ends it, for good: an answer that is under way changes nothing any more. */
void backpressure_start(struct backpressure *backpressure);
void backpressure_stop(struct backpressure *backpressure);

/* The room that there is now, by enum rule_class; good until the next call. */
const struct room *backpressure_rooms(struct backpressure *backpressure);
/* So many messages were decided, and take up room from now on. */
void backpressure_decided(struct backpressure *backpressure, uint32_t messages);
/* So many of them are on their way to Redis now. */
void backpressure_sent(struct backpressure *backpressure, uint32_t messages);

/* The messages in the outbox, as they were counted last. */
int64_t backpressure_outbox(const struct backpressure *backpressure);

#endif
