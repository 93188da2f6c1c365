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

enum { SHARDS_WHY_SIZE = 160 };

struct shards_item {
    size_t number;
    struct session *session; /* of the context; others may have the same one */
    const char *prefix;
    bool away;                 /* a command went on without it, as it could not be reached … */
    char why[SHARDS_WHY_SIZE]; /* … for this reason */
};

struct shards {
    struct placement placement;
    struct shards_item *items;
    size_t count; /* at least one */
    bool some;    /* what can be reached is enough */
};

/* All in the configuration's arena. NULL where there is no Redis: that was told. */
const struct shards *shards_open(struct context *context);
/* The same for a command that goes on without the shards that cannot be reached: commands to these
 * fail, which shards_pass() is told. NULL where none can be reached. */
const struct shards *shards_open_some(struct context *context);
/* This without a word, within so many ms, and in that arena; NULL with `diag`. */
const struct shards *shards_try(struct context *context, struct arena *arena, int64_t timeout_ms,
                                struct diag *diag);

/* One that can be reached, to ask Redis for the time. */
const struct shards_item *shards_there(const struct shards *shards);

/* A command to that shard has failed, as `diag` says. True where it cannot be reached, and may be
 * passed over: it is away from now on. Else false, and `diag` says of which shard it is. */
bool shards_pass(const struct shards *shards, const struct shards_item *item, struct diag *diag);
/* How many are away. */
size_t shards_away(const struct shards *shards);
/* "shards 3 and 7 of 16 cannot be reached"; where some are away. In the arena. */
const char *shards_away_text(const struct shards *shards, struct arena *arena);
/* The exit status of a command that would end with that one: where some are away it says so in one
 * line, with what was `left` undone, and it is EX_UNAVAILABLE, unless the command has failed for
 * more than a no (1). */
int shards_end(const struct shards *shards, int status, const char *left);
/* What that is to commands which show, and to those which change something. */
#define SHARDS_UNSEEN "what stands there is not shown"
#define SHARDS_UNDONE "it is not done there; the same command again completes it"

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
