/*
 * All that belongs to one prefix P of one Redis: the connection, and one module for each thing
 * that is kept there. They are built in the order of the fields, and torn down in its mirror.
 */
#ifndef NUDGED_STORE_SHARD_H
#define NUDGED_STORE_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/connection.h"
#include "redis/scripts.h"
#include "store/beat.h"
#include "store/clocks.h"
#include "store/customers.h"
#include "store/halted.h"
#include "store/instance.h"
#include "store/intake.h"
#include "store/levels.h"
#include "store/outbox.h"
#include "store/outbox_sweep.h"
#include "store/rule_sets.h"
#include "store/tables.h"
#include "store/timers.h"
#include "store/turns.h"
#include "store/waiting.h"
#include "store/wrong_keys.h"

/* To be used by all; changed by nobody. */
struct shard {
    size_t number;                 /* store/placement */
    struct connection *connection; /* for all but the intake's blocking reads, and … */
    struct tracking *tracking;     /* … who hears of changes */
    struct beat *beat;
    struct scripts *scripts;       /* with P */
    struct wrong_keys *wrong_keys; /* what scripts answer of them is noted */
    struct rule_sets *rule_sets;
    struct instance *instance;
    struct customers *customers;
    struct tables *tables;
    struct halted *halted;
    char refusal[256];   /* what Redis said last against a write, */
    int64_t refused_at;  /* and when: clock_monotonic_ms */
    struct turns *turns; /* not its own; NULL: its batches wait for no other shard's */
    struct intake *intake;
    struct timers *timers;
    struct clocks *clocks;
    struct outbox *outbox;
    struct levels *levels;
    struct waiting waiting;

    connection_on_state *on_connection;
    void *context;
};

struct log_group;

/* All texts are copied. What is not explained here is as in the options of the module. */
struct shard_options {
    struct event_base *base;
    struct endpoint endpoint;
    struct cluster *cluster; /* in place of it, not its own; or NULL */
    struct turns *turns;     /* of all shards, not its own; or NULL */
    size_t number;
    const char *prefix; /* P */
    const void *secret; /* hides who is named in a key that is wrong */
    size_t secret_length;

    const char *instance; /* the daemon's name */
    bool accept_loss;
    const struct instance_agreement *agreements;
    size_t agreement_count;
    const char *const *channels;
    size_t channel_count;
    const char *const *gateways;
    size_t gateway_count;

    size_t batch;
    const char *inbox;
    bool inbox_left;
    int64_t settle_ms;
    double clocks_rate;
    int64_t dead_keep_ms, trace_keep_ms;
    struct log_group *log_group; /* not its own */

    connection_on_state *on_connection; /* heard before the instance is */
    instance_on_state *on_instance;
    intake_on_batch *on_batch;
    void *context; /* of all three */
};

/* Begins to connect and then to enter; the intake is paused. Never fails by itself. */
struct shard *shard_new(const struct shard_options *options);
void shard_destroy(struct shard **shard);

/* Why Redis takes no writes, "NOREPLICAS Not enough good replicas to write."; NULL: it does, or
 * nobody has tried in the last seconds. */
const char *shard_refusal(const struct shard *shard);

#endif
