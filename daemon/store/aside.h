/*
 * Events that were read in another shard than their customer's are put aside there, in P:strays,
 * until they are moved (events/mover): so none waits for a shard that is away.
 */
#ifndef NUDGED_STORE_ASIDE_H
#define NUDGED_STORE_ASIDE_H

#include <stddef.h>

#include "redis/scripts.h"
#include "store/instance.h"

/* With a `fault` those that are pending still come again. */
typedef void aside_on_put(void *context, const struct diag *fault);

/* `ids`: of entries that this daemon has read. From the loop, never before it returns. */
void aside_put(struct scripts *scripts, const struct instance *instance,
               struct connection_owner *owner, const char *const *ids, size_t count,
               aside_on_put *callback, void *context);

#endif
