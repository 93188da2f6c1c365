/*
 * Gateways that an operator has paused: P:paused, gateway → JSON {"at":ms,"by":"…"}. Nothing is
 * taken for them, nor passed to them; what they have begun goes on. For nudgectl: daemons ask in
 * their scripts (take.lua, pass.lua).
 */
#ifndef NUDGED_STORE_PAUSED_H
#define NUDGED_STORE_PAUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"

struct paused_gateway {
    const char *name;
    int64_t at_ms;  /* since when, by Redis' clock; 0: not known */
    const char *by; /* NULL: not known */
};

/* `by` may be NULL. `*done`: false where it was paused already, which stays as it is. */
bool paused_set(struct session *session, const char *prefix, const char *gateway, const char *by,
                bool *done, struct diag *diag);
/* `*done`: false where it was not paused. */
bool paused_clear(struct session *session, const char *prefix, const char *gateway, bool *done,
                  struct diag *diag);
/* In the arena, by name. */
bool paused_list(struct session *session, const char *prefix, struct arena *arena,
                 struct paused_gateway **gateways, size_t *count, struct diag *diag);

#endif
