/*
 * Several batches of events are under way at once: while one is committed the next is decided. What
 * concerns a person of whom an older batch has something waits until that is done: it is left for
 * the round after. Whom a batch concerns is known when its documents are read; younger ones are not
 * decided before that. A batch that says more than of its own customers (an opt-out, which holds
 * for an address; an event about a product) is decided alone.
 */
#ifndef NUDGED_EVENTS_BATCH_ORDER_H
#define NUDGED_EVENTS_BATCH_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "events/batch.h"

/* Whether the batch or an older one is to be decided alone. */
bool batch_is_barred(const struct batch *batch);
/* Whether it is known whom all older ones concern. */
bool batch_may_decide(const struct batch *batch);
/* Whether an older batch has something that comes first. */
bool batch_is_behind(const struct work *work);
/* Whether one of these keys, of whom nothing was known, has events in an older batch: they will be
 * known when that is done, and the work waits for it. */
bool batch_wait_for_older(struct work *work, const char *const *keys, size_t count);
/* Of all batches of events, the oldest that has works to decide; NULL: none has. */
struct batch *batch_oldest_to_decide(struct batch *events);
/* Whether its answers are on their way. Others wait: for Redis, or for one that moves, or that
 * waits for Redis itself. */
bool batch_moves(const struct batch *batch);

#endif
