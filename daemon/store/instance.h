/*
 * This daemon among those on one Redis: its name, its epoch (a number never used
 * twice: one more than the last, or Redis' TIME in ms where that is greater, so that a
 * Redis that lost its last second does not give one out again), its lease. Its consumer in every
 * group is "<name>:<epoch>". Before it is ready it has looked at the server (version, persistence),
 * at P:meta, and has made the groups. At each renewal it looks at P:meta again: what was lost there
 * is written anew, and a daemon that does not agree with what another has written meanwhile ends.
 *
 * The lease: P:instance:<name> holds the epoch for 10 s, renewed every 3 s. Who does not
 * renew it is taken for dead, and what its consumers had pending is claimed by others.
 */
#ifndef NUDGED_STORE_INSTANCE_H
#define NUDGED_STORE_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/scripts.h"
#include "store/beat.h"
#include "store/rule_sets.h"

enum { INSTANCE_LEASE_MS = 10000, INSTANCE_RENEW_MS = BEAT_SLOW_MS };

struct instance;

enum instance_state {
    INSTANCE_ENTERING, /* checks under way, or waiting for the connection */
    INSTANCE_READY,    /* for the life of the daemon, also while Redis is away */
    INSTANCE_REFUSED,  /* the server or P:meta does not allow it: `fault`; end the daemon */
    INSTANCE_REPLACED, /* a newer daemon runs under this name: `fault`; end the daemon */
};

typedef void instance_on_state(void *context, enum instance_state state, const struct diag *fault);

/* A setting that all daemons on one P must share; kept in P:meta. */
struct instance_agreement {
    const char *field; /* in P:meta: "secret", "customer_keys" */
    const char *value;
    const char *what; /* for people: "the fingerprint of `secret_file`" */
};

struct instance_options {
    struct event_base *base;
    struct scripts *scripts;
    struct beat *beat;           /* outlives it */
    struct rule_sets *rule_sets; /* not its own; the daemon's set is in use before it enters */
    const char *name;            /* letters, digits, '-', '_', '.'; at most 64 */
    bool accept_loss;            /* weak persistence is a warning, not a refusal */
    const struct instance_agreement *agreements; /* copied */
    size_t agreement_count;
    const char *const *channels; /* whose outbox groups are made; copied */
    size_t channel_count;
    instance_on_state *on_state;
    void *context;
};

/* Begins when instance_connection() first says ready. */
struct instance *instance_new(const struct instance_options *options);
void instance_destroy(struct instance **instance);

/* At the end of a drain: gives the lease up, so that others need not wait for its end.
 * `done` when Redis answered, or failed. Nothing is renewed any more. */
void instance_leave(struct instance *instance, void (*done)(void *context), void *context);

/* To be called from the connection's on_state, each time. */
void instance_connection(struct instance *instance, bool ready);

/* Renews the lease now, where it has entered: the rule set has changed. */
void instance_renew(struct instance *instance);

/* A script has answered LEASE: the lease is over, whatever this daemon's clock says (it was frozen,
 * Redis' clock was set forward, somebody deleted the key). It counts as over, and is renewed at
 * once. */
void instance_lapsed(struct instance *instance);

/* A script has answered NOPERM: somebody took a right from this daemon's user of Redis. Its lease
 * counts as over, so that nothing more is begun, and is renewed when all rights that are needed are
 * there. */
void instance_denied(struct instance *instance);
/* What it waits for so: "Redis denies its user +xadd"; NULL: nothing. Until the next call of any
 * other function here. */
const char *instance_denial(const struct instance *instance);

/* Whether the log has this fault already, once for all whom it stops: there is no connection, or no
 * lease. */
bool instance_tells(const struct diag *fault);

enum instance_state instance_state(const struct instance *instance);
/* "<name>:<epoch>"; "" before INSTANCE_READY. */
const char *instance_consumer(const struct instance *instance);
int64_t instance_epoch(const struct instance *instance);
/* Entries of P:events up to that time may be a former program's, which did not mark those that it
 * made itself; 0: there was none. */
int64_t instance_unmarked_ms(const struct instance *instance);

/* The moment (clock_monotonic_ms) until which the lease surely holds, counted from before
 * its renewal was sent. Both may be called from any thread. */
int64_t instance_lease_deadline(const struct instance *instance);
bool instance_lease_valid(const struct instance *instance);

/* A lease that ran out and was renewed has another term: what was taken in the one before may be
 * in other hands, though the lease is valid again. instance_lease_held: it is valid, and has held
 * without a break since it had that term. From any thread. */
int64_t instance_lease_term(const struct instance *instance);
bool instance_lease_held(const struct instance *instance, int64_t term);

/* Makes the consumer groups that are missing (somebody destroyed one). Modules of store
 * call it when they meet NOGROUP. */
void instance_make_groups(struct instance *instance);

#endif
