/*
 * Whether what was written to shards outlives the loss of a server: a replica of each master has
 * it, or the master has none. As `WAIT 1` would say, which holds up all that goes over the
 * connection; so it follows from INFO replication (what the master had written behind the answer,
 * and what its replicas acknowledged since, which they do once in a second).
 *
 * Who takes something from one shard and gives it to another asks before it is deleted.
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

/* `safe`: it does; false: a connection was lost meanwhile, and what was written may be lost with
 * its server; or that is not known after three seconds. */
typedef void replicated_on_word(void *context, bool safe);

/* Of what these, at least one, have answered to by now. `word` comes once, from the loop. A replica
 * that is still getting all data is none, nor is one that is silent from Redis' `repl-timeout` on.
 */
void replicated_ask(struct replicated *replicated, const struct replicated_write *writes,
                    size_t count, replicated_on_word *word, void *context);

#endif
