/*
 * Whether what was written to shards outlives the loss of a server: replicas of each master have
 * it. As `WAIT` would say, which holds up all that goes over the connection; so it follows from
 * INFO replication (what the master had written behind the answer, and what its replicas
 * acknowledged since, which they do once in a second). All that is asked of a shard at a time is
 * answered by one INFO.
 *
 * Who takes something from one shard and gives it to another asks before it is deleted; who tells
 * a shop that its event is taken, where `web.wait_replicas` says so.
 */
#ifndef NUDGED_STORE_REPLICATED_H
#define NUDGED_STORE_REPLICATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/routes.h"

struct event_base;
struct replicated;

struct replicated *replicated_new(struct event_base *base, const struct routes *routes);
/* What is not known yet never comes. */
void replicated_destroy(struct replicated **replicated);

/* How often the connection to a shard had become ready; -1: it cannot be reached. */
int64_t replicated_times(const struct replicated *replicated, size_t shard);

struct replicated_write {
    size_t shard;
    int64_t times; /* replicated_times() before it was asked to write */
};

enum {
    REPLICATED_MOST = 8,           /* replicas that can be asked for */
    REPLICATED_PATIENCE_MS = 3000, /* of who has no reason for another one */
};

struct replicated_question {
    const struct replicated_write *writes; /* at least one; copied */
    size_t count;
    size_t replicas;     /* that must have it; 0: one, or none where the master has none */
    int64_t patience_ms; /* after it the word is false */
};

/* `safe`: it does; false: a connection was lost meanwhile, and what was written may be lost with
 * its server; or that is not known when the patience is over. */
typedef void replicated_on_word(void *context, bool safe);

/* Of what these have answered to by now. `word` comes once, from the loop. A replica
 * that is still getting all data is none, nor is one that is silent from Redis' `repl-timeout` on.
 */
void replicated_ask(struct replicated *replicated, const struct replicated_question *asked,
                    replicated_on_word *word, void *context);

#endif
