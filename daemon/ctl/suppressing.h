/* What nudgectl says of addresses holds in all shards, whosever they are. */
#ifndef NUDGED_CTL_SUPPRESSING_H
#define NUDGED_CTL_SUPPRESSING_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl/shards.h"
#include "store/suppressions.h"

/* As suppressions_change, in each; `changed[i]`: in one of them. The trace of a customer is in
 * their own. False with `diag`: in some it was done, perhaps, and may be done again. */
bool suppressing_change(const struct shards *shards, bool add,
                        const struct suppressions_item *items, size_t count, int64_t trace_keep_ms,
                        bool *changed, struct diag *diag);

#endif
