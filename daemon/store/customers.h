/*
 * Customers' documents: read many at once, and write one together with everything that
 * was decided for it, all or nothing.
 */
#ifndef NUDGED_STORE_CUSTOMERS_H
#define NUDGED_STORE_CUSTOMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/slice.h"
#include "redis/scripts.h"
#include "store/commit.h"
#include "store/instance.h"

struct customers;

struct customers *customers_new(struct scripts *scripts, struct instance *instance);
void customers_destroy(struct customers **customers);

/* What is to be read: documents by their keys, and of other keys, by their hashes, the redirects.
 * Nothing of both is allowed: the time alone. */
struct customers_query {
    const char *const *keys;
    const char *const *names; /* by which P:said has records of them: `count` too */
    size_t count;
    const char *const *hashes;
    size_t hash_count;
};

/* In the order of the query. All is gone when the callback returns. */
struct customers_found {
    const struct slice *documents; /* text NULL: there is none */
    const struct slice *records;   /* likewise */
    const struct slice *targets; /* the keys to which the redirects lead; text NULL: no redirect */
    int64_t now_ms;              /* Redis' TIME */
};

/* `fault` is NULL, or why it failed: then `found` is NULL. */
typedef void customers_on_read(void *context, const struct diag *fault,
                               const struct customers_found *found);

void customers_read(struct customers *customers, const struct customers_query *query,
                    customers_on_read *callback, void *context);

/* `events[i]` is the JSON of the start of `origins[i]`; text NULL where there is none. All is gone
 * when the callback returns. `fault` is NULL, or why it failed: then there is nothing else. */
typedef void customers_on_starts(void *context, const struct diag *fault,
                                 const struct slice *events, size_t count);

/* Starts of the customer's journeys; at least one. `origins` must live until then. */
void customers_read_starts(struct customers *customers, const char *key, const char *const *origins,
                           size_t count, customers_on_starts *callback, void *context);

/* Hears of one commit, with its own context; all of a call are heard of at once, in their order.
 * The result is gone when the callback returns. */
typedef void customers_on_commit(void *context, const struct commit_result *result);

/* At least one; all is copied. */
void customers_commit(struct customers *customers, const struct commit_call *call,
                      customers_on_commit *callback, void *const *contexts);

#endif
