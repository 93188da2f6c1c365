/*
 * Lists of codes, for nudgectl: P:codes:<list>, of which each run of a rule takes one (commit.lua).
 * A code that a list ever had is never put there again by a load.
 */
#ifndef NUDGED_STORE_CODES_H
#define NUDGED_STORE_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"

enum { CODES_BATCH = 1000 }; /* that one call may load */

/* `count`: at most CODES_BATCH. `last`: the file ends here. Adds to `*fresh` how many were new;
 * `*left`: how many nobody was given. */
bool codes_load(struct session *session, const char *prefix, const char *list,
                const char *const *codes, size_t count, bool last, int64_t *fresh, int64_t *left,
                struct diag *diag);

struct codes_list {
    const char *name;
    int64_t loaded, left;
};

/* In the arena, by name. */
bool codes_lists(struct session *session, const char *prefix, struct arena *arena,
                 struct codes_list **lists, size_t *count, struct diag *diag);

#endif
