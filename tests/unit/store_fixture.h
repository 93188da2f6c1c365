/*
 * One daemon's side of the store for tests: connection, scripts and an instance that has
 * entered. Several may stand on one redis_fixture. The prefix is `t`, the channels `email`
 * and `sms`.
 */
#ifndef NUDGED_TESTS_STORE_FIXTURE_H
#define NUDGED_TESTS_STORE_FIXTURE_H

#include <stdbool.h>

#include "redis_fixture.h"
#include "store/beat.h"
#include "store/customers.h"
#include "store/instance.h"
#include "store/intake.h"

struct store_fixture {
    struct redis_fixture *redis;
    struct arena *arena;
    struct endpoint endpoint;
    struct connection *connection;
    struct tracking *tracking;
    struct event_base *beat_base;
    struct beat *beat;   /* on that base, */
    struct event *beats; /* at which this one looks: without it the lease is not renewed */
    struct scripts *scripts;
    struct rule_sets *rule_sets;
    struct instance *instance;
    struct intake *intake; /* set by who opens one: it hears of its list */
    bool connected;
    bool settled; /* the instance is no longer entering */
    enum instance_state state;
    struct diag fault; /* with REFUSED and REPLACED */
};

/* Connects, and begins to enter. `changes` (may be NULL) stands over the usual options:
 * accept_loss and agreements are read of it. */
void store_fixture_begin(struct store_fixture *store, struct redis_fixture *redis, const char *name,
                         const struct instance_options *changes);
/* The same, and waits until the instance is ready. */
void store_fixture_open(struct store_fixture *store, struct redis_fixture *redis, const char *name);
void store_fixture_close(struct store_fixture *store);

/* As if the daemon had been frozen or killed: its lease is gone from Redis, and no beat renews it
 * (one may come at any moment of a test, and would make a key anew that was only deleted). */
void store_fixture_lose_lease(struct store_fixture *store);
/* The same, and it was seen gone long ago. */
void store_fixture_lapse(struct store_fixture *store);

/* The lease again for ten seconds, with the same epoch: it was only frozen. No beat comes yet. */
void store_fixture_revive(struct store_fixture *store);

/* A call of one commit. */
void store_fixture_commit(struct customers *customers, const struct commit *commit,
                          customers_on_commit *callback, void *context);

#endif
