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

/* `documents[i]` belongs to `keys[i]`; text NULL where there is no document. `now_ms` is
 * Redis' TIME. All is gone when the callback returns. `fault` is NULL, or why it failed:
 * then there is nothing else. */
typedef void customers_on_read(void *context, const struct diag *fault,
                               const struct slice *documents, size_t count, int64_t now_ms);

/* `count` 0 is allowed: the time alone. */
void customers_read(struct customers *customers, const char *const *keys, size_t count,
                    customers_on_read *callback, void *context);

typedef void customers_on_commit(void *context, const struct commit_result *result);

/* The commit is copied. */
void customers_commit(struct customers *customers, const struct commit *commit,
                      customers_on_commit *callback, void *context);

#endif
