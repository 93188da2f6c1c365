/*
 * The workers of the daemon: one, where the installation has one shard; else one for each shard
 * that falls to this daemon among those that are there (store/members, app/assignment). When
 * another one comes or goes some are begun and some are drained; meanwhile two or more work on the
 * same shard, as any number may.
 */
#ifndef NUDGED_APP_WORKERS_H
#define NUDGED_APP_WORKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/worker.h"
#include "store/halted.h"
#include "store/wrong_keys.h"

struct workers;

struct workers_options {
    struct worker_options worker; /* what all have; its number, on_ready and context are not looked
                                     at */
    void (*on_ready)(void *context); /* the daemon takes part, for the first time */
    void *context;                   /* of all callbacks */
};

/* Begins to connect. Never fails by itself. The endpoint is copied. */
struct workers *workers_new(const struct workers_options *options);
void workers_destroy(struct workers **workers);

/* As of a worker, for all; nothing more is begun behind workers_drain. */
void workers_drain(struct workers *workers);
bool workers_busy(const struct workers *workers);
void workers_leave(struct workers *workers, void (*done)(void *context), void *context);
void workers_reload(struct workers *workers);
void workers_beat(struct workers *workers);

struct event;
/* The timer goes off at the next beat (store/beat) of the shard, where there is one; of many, at
 * the next whole second. */
void workers_wait(const struct workers *workers, struct event *timer);

/* Of any shard, also of one that others work on. */
struct scripts *workers_scripts(const struct workers *workers, size_t shard);
/* All zero where there is one shard. */
struct routes workers_routes(struct workers *workers);

struct workers_view {
    bool works, redis;    /* all of them; the connection is there */
    const char *instance; /* "name:epoch"; of many shards, whose epochs differ, the name; "" before
                             it takes part */
    const char *denied;   /* what Redis denies this daemon's user; NULL: nothing */
    const char *refused;  /* why it takes no writes, as shard_refusal(); NULL: it does */
    size_t shards;        /* that it works on now */
    struct worker_view sum;
    int64_t rules_number;        /* that Redis gave the rules in force */
    const struct halted *halted; /* rules that are paused; NULL: not known */
};
struct workers_view workers_view(const struct workers *workers);
/* The one at `index` over all; NULL: there are no more. */
const struct wrong_key *workers_wrong_key(const struct workers *workers, int64_t now_ms,
                                          size_t index);

#endif
