/* What stands in all shards, as one: for commands that show how an installation is. Where there is
 * one shard, it is what stands there. */
#ifndef NUDGED_CTL_OVERALL_H
#define NUDGED_CTL_OVERALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/daemons.h"
#include "ctl/shards.h"
#include "store/codes.h"
#include "store/gateway_queues.h"
#include "store/halted.h"
#include "store/paused.h"
#include "store/survey.h"

/* All lie in the arena; false with `diag`, which says of which shard it is. Without the shards that
 * are away, where these may be passed over (shards_open_some). */

/* Gateways, and rules with who waits for them: of each that is paused anywhere one, since it was
 * first. By name. */
bool overall_paused(const struct shards *shards, struct arena *arena, struct paused **paused,
                    size_t *count, struct diag *diag);
bool overall_halted(const struct shards *shards, struct arena *arena, struct paused **halted,
                    size_t *count, struct diag *diag);

/* The daemons that there are, by name: they say so in shard 0. */
bool overall_daemons(const struct shards *shards, struct arena *arena, struct daemons_item **items,
                     size_t *count, struct diag *diag);

/* The names of those of them that work on the shard, NULL-terminated; NULL with `diag`. */
const char *const *overall_workers(const struct shards_item *shard,
                                   const struct daemons_item *daemons, size_t count,
                                   struct arena *arena, struct diag *diag);

/* Sums, and the oldest of what waits; `each`: room for one of each shard. `list`: the key of the
 * shop's list; NULL: the shard's own. */
bool overall_survey(const struct shards *shards, const char *list, struct arena *arena,
                    struct survey *sum, struct survey *each, struct diag *diag);

/* As gateway_queues_read; sums. What is used of a rate shard 0 counts for all. */
bool overall_queues(const struct shards *shards, const char *gateway, const char *const *channels,
                    int64_t window_ms, struct gateway_queues *queues, struct diag *diag);

/* Sums, by name. */
bool overall_codes(const struct shards *shards, struct arena *arena, struct codes_list **lists,
                   size_t *count, struct diag *diag);

#endif
