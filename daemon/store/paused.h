/*
 * What somebody has paused, name → JSON {"at":ms,"by":"…"}: gateways (KEY_PAUSED), for which
 * nothing is taken and to which nothing is passed, while what they have begun goes on (take.lua,
 * pass.lua); and rules (KEY_HALTED; store/halted for daemons).
 */
#ifndef NUDGED_STORE_PAUSED_H
#define NUDGED_STORE_PAUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/reply.h"
#include "redis/session.h"
#include "store/keys.h"

struct paused {
    const char *name;
    const char *by;  /* NULL: not known; never "" */
    int64_t at_ms;   /* since when, by Redis' clock; 0: not known */
    int64_t waiting; /* of rules: customers whose sends wait; of halted_list alone */
};

/* `by` may be NULL. `*done`: false where it was paused already, which stays as it is. */
bool paused_set(struct session *session, const char *prefix, enum key of, const char *name,
                const char *by, bool *done, struct diag *diag);
/* `*done`: false where it was not paused. */
bool paused_clear(struct session *session, const char *prefix, enum key of, const char *name,
                  bool *done, struct diag *diag);
/* In the arena, by name. */
bool paused_list(struct session *session, const char *prefix, enum key of, struct arena *arena,
                 struct paused **paused, size_t *count, struct diag *diag);
/* Likewise, of an answer to HGETALL. */
struct paused *paused_read(struct arena *arena, const struct reply *rows, size_t *count);

#endif
