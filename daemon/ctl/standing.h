/*
 * How nudged stands at this moment, over all daemons: what they say of themselves, what waits in
 * Redis, and what of it is wrong. `status` prints it once, `top` again and again.
 */
#ifndef NUDGED_CTL_STANDING_H
#define NUDGED_CTL_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/context.h"
#include "ctl/overall.h"

/* Over all daemons: of its states the worst, of its figures the sums. */
enum standing_state {
    STANDING_WORKS,
    STANDING_SLOWED, /* it has asked for a pause, or its rate is used up */
    STANDING_PROBED, /* one message is tried */
    STANDING_LEFT_ALONE,
    STANDING_PAUSED, /* by an operator */
    STANDING_ABSENT, /* no daemon that runs has it */
};

struct standing_gateway {
    const char *name, *kind;
    enum standing_state state;
    const char *why; /* it is not in STANDING_WORKS, in words; "" where nobody knows */
    int64_t sending, sent, retried, refused;
    int64_t failed_ms;   /* the last failure; 0: none */
    const char *failure; /* in which addresses are hashes */
    struct value failed; /* the same with its codes, as the daemon said it; where failed_ms */
    struct value said;   /* the row of the daemon of this machine, or else of another; a map */
};

struct standing_wrong {
    const char *what;    /* a sentence without its full stop */
    const char *command; /* that helps, or shows more; "" */
};

enum { STANDING_WRONG_MOST = 64 };

struct standing_shard {
    struct survey survey;
    int64_t outbox;             /* messages in it */
    const char *const *daemons; /* the names of those that work on it, NULL-terminated */
    bool away;                  /* it cannot be reached: nothing is known of it */
};

struct standing {
    int64_t now_ms;                /* Redis' clock, or else this machine's */
    bool answers;                  /* the daemon of this machine */
    struct value local;            /* what it says at /status; an empty map */
    bool files_changed;            /* files were changed since it read them (ctl/changed_files) */
    bool redis;                    /* it could be asked */
    struct survey survey;          /* of all shards, with what comes to none */
    struct standing_shard *shards; /* where they have numbers */
    size_t shard_count;
    const struct shards *asked;   /* with those that are away; NULL: there is no Redis */
    int64_t unmoved;              /* events that came to no shard, and are to be moved to theirs */
    struct daemons_item *daemons; /* that speak, and the one that answers */
    size_t daemon_count;
    struct paused *paused;
    size_t paused_count;
    struct paused *halted;
    size_t halted_count;
    struct standing_gateway *gateways; /* of the configuration */
    size_t gateway_count;
    const char *no_daemon, *no_redis;                 /* why it could not be asked; NULL: it was */
    const char *no_unmoved;                           /* likewise, of what comes to no shard */
    struct standing_wrong wrong[STANDING_WRONG_MOST]; /* of standing_wrong_find: the worst first */
    size_t wrong_count;
    double events_per_second, messages_per_second; /* of the last minute */
};

/* The connection to Redis is kept from one call to the next. */
struct standing_source {
    struct context *context;     /* its configuration was read */
    const struct shards *shards; /* of the last asking; NULL: they could not be had */
    int64_t timeout_ms;          /* for the daemon, and for a connection to Redis */
    int64_t answer_ms;           /* for each answer of Redis */
};

/* All in the arena; none of it is called wrong yet (ctl/standing_wrong). */
void standing_read(struct standing_source *source, struct arena *arena, struct standing *standing);
void standing_close(struct standing_source *source);

/* nudgectl's asking was answered, and the daemon of this machine, if it answers, says the same. */
bool standing_redis_answers(const struct standing *standing);

/* "works", "slowed", … */
const char *standing_state_word(enum standing_state state);

#endif
