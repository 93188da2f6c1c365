/*
 * How much stands where in Redis, over all daemons: for figures (base/metrics). Asked again and
 * again; what was answered last is told there.
 */
#ifndef NUDGED_STORE_LEVELS_H
#define NUDGED_STORE_LEVELS_H

#include <stddef.h>

#include "redis/scripts.h"

struct levels;

/* `inbox`: the list's key, or "". All texts are copied. */
struct levels *levels_new(struct scripts *scripts, const char *inbox, const char *const *channels,
                          size_t channel_count);
void levels_destroy(struct levels **levels);

/* Asks, unless that is under way. Where Redis gives no answer, the figures stay as they are. */
void levels_ask(struct levels *levels);

#endif
