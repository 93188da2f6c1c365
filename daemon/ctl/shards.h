/*
 * The shards of an installation, for commands: a session and a prefix for each. One that has one
 * shard is a list of one, without a number, so that a command has the same loop for both.
 *
 * What is shown of many shards is told apart by the number of its shard: `3/1700000000000-0`.
 */
#ifndef NUDGED_CTL_SHARDS_H
#define NUDGED_CTL_SHARDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "ctl/context.h"
#include "store/placement.h"

struct shards_item {
    size_t number;
    struct session *session; /* of the context; others may have the same one */
    const char *prefix;
};

struct shards {
    struct placement placement;
    struct shards_item *items;
    size_t count; /* at least one */
};

/* All in the configuration's arena. NULL where there is no Redis: that was told. */
const struct shards *shards_open(struct context *context);
/* The same without a word, within so many ms, and in that arena; NULL with `diag`. */
const struct shards *shards_try(struct context *context, struct arena *arena, int64_t timeout_ms,
                                struct diag *diag);

/* Of a person, by a key of theirs. */
const struct shards_item *shards_of(const struct shards *shards, const char *key);

/* Whether the shards have numbers. */
bool shards_numbered(const struct shards *shards);
/* An id as it is shown: with its shard, where these have numbers. In the arena. */
const char *shards_show(const struct shards *shards, const struct shards_item *item,
                        struct arena *arena, const char *id);
/* The other way round: the id behind its shard. *item NULL: the text tells no shard. False where
 * there is no such shard. */
bool shards_read(const struct shards *shards, const char *text, const struct shards_item **item,
                 const char **id);

/* Says of which shard a fault is, where these have numbers. Returns false. */
bool shards_blame(const struct shards *shards, const struct shards_item *item, struct diag *diag);

#endif
