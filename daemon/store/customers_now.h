/*
 * What store/customers does, over a session: for nudgectl, which waits for each answer. It has no
 * lease and takes no entries; what it commits is checked as a daemon's is.
 */
#ifndef NUDGED_STORE_CUSTOMERS_NOW_H
#define NUDGED_STORE_CUSTOMERS_NOW_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"
#include "store/customers.h"

/* All of it lies in the arena. False with `diag`. */
bool customers_now_read(struct session *session, const char *prefix,
                        const struct customers_query *query, struct arena *arena,
                        struct customers_found *found, struct diag *diag);

/* Of these starts of the customer those that are there, "<origin> <event>" each, in the arena. */
bool customers_now_starts(struct session *session, const char *prefix, const char *key,
                          struct arena *arena, struct slice **starts, size_t *count,
                          struct diag *diag);

/* What the customer watches: product, and since when in ms, below 0 where not any more; one after
 * the other, in the arena. */
bool customers_now_watches(struct session *session, const char *prefix, const char *key,
                           struct arena *arena, struct slice **watches, size_t *count,
                           struct diag *diag);

/* Redis' TIME. */
bool customers_now_time(struct session *session, int64_t *now_ms, struct diag *diag);

/* False with `diag` where there is no answer, or an error: it may be committed again. The result
 * lies in the arena. */
bool customers_now_commit(struct session *session, const char *prefix, const struct commit *commit,
                          struct arena *arena, struct commit_result *result, struct diag *diag);

#endif
