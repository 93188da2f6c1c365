/*
 * Clocks of rules: says when the customers of which zone are asked, and hands those whose turn it
 * is to the pipeline, a bounded number at a time, so that events go on beside it. Before that it
 * has the index of all customers made where there is none yet. Any number of daemons do so together
 * (store/clocks): each goes on where the others have come.
 */
#ifndef NUDGED_EVENTS_SWEEPER_H
#define NUDGED_EVENTS_SWEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "config/generation.h"
#include "events/pipeline.h"
#include "store/clocks.h"
#include "store/shard.h"

struct event_base;
struct sweeper;

struct sweeper_options {
    struct event_base *base;
    struct shard *shard;
    struct pipeline *pipeline;
    /* The generation in force. */
    struct generation *(*generation)(void *context);
    void *context;
};

struct sweeper *sweeper_new(const struct sweeper_options *options);
void sweeper_destroy(struct sweeper **sweeper);

/* Begins; ends: who is being decided goes on. */
void sweeper_start(struct sweeper *sweeper);
void sweeper_stop(struct sweeper *sweeper);

/* What was seen last, for nudgectl. */
struct sweeper_view {
    enum clocks_state state;
    int64_t keys, customers; /* of the scan, as it goes on */
    size_t rules;            /* with a clock */
    size_t behind;           /* zones of rules whose customers' turns have come */
};
struct sweeper_view sweeper_view(const struct sweeper *sweeper);

#endif
