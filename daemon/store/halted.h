/*
 * Rules that are paused (store/paused): by policy.brake it is "brake", and never nobody.
 * A daemon asks each second, tells what is new in its log, and wakes who waited for a rule that is
 * paused no more; what is decided meanwhile is checked by its commit. nudgectl sets and ends them.
 */
#ifndef NUDGED_STORE_HALTED_H
#define NUDGED_STORE_HALTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/scripts.h"
#include "redis/session.h"
#include "store/paused.h"

/* ---- For a daemon ---- */

struct halted;

struct halted *halted_new(struct scripts *scripts);
void halted_destroy(struct halted **halted);

/* Asks; what is answered counts from then on, and is told. */
void halted_ask(struct halted *halted);

/* The brake has paused the rule in one shard: so it is in the other one whose scripts these are,
 * unless it is already. Nobody hears whether it worked: that shard has a part of the brake of its
 * own. */
void halted_brake(struct scripts *scripts, const char *rule, int64_t at_ms);

/* As it was answered last, good until the loop goes on. NULL: there are none. */
const struct paused *halted_rules(const struct halted *halted, size_t *count);

/* ---- For nudgectl ---- */

/* Its brake counts anew. `*done`: false where it was not paused. */
bool halted_clear(struct session *session, const char *prefix, const char *rule, bool *done,
                  struct diag *diag);
/* Wakes some of those who waited for rules that go on; `*woken`: 0 where nobody is left. */
bool halted_rouse(struct session *session, const char *prefix, int64_t *woken, struct diag *diag);
/* Those that are paused, in the arena, by name. */
bool halted_list(struct session *session, const char *prefix, struct arena *arena,
                 struct paused **rules, size_t *count, struct diag *diag);

#endif
