/*
 * What each daemon says of itself and its gateways, for nudgectl to show them over all daemons:
 * P:bulletin:<name>, which is written anew each second and expires soon after its daemon has ended.
 * An object {"at":MS,"gateways":[…],…}; a daemon of the last release writes the list alone.
 */
#ifndef NUDGED_STORE_BULLETINS_H
#define NUDGED_STORE_BULLETINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"
#include "redis/scripts.h"
#include "redis/session.h"

struct bulletins_item {
    const char *daemon; /* its name */
    struct slice text;  /* JSON; text NULL: it has said nothing of late */
};

/* Nobody waits for the answer. `daemon`: its name. Of many shards in shard 0, as they are read. */
void bulletins_put(struct scripts *scripts, const char *daemon, struct slice text);

/* Those of all daemons that live, by name, in the arena. */
bool bulletins_read(struct session *session, const char *prefix, struct arena *arena,
                    struct bulletins_item **items, size_t *count, struct diag *diag);

#endif
