/* What the files of the outbox share; for nobody else. */
#ifndef NUDGED_STORE_OUTBOX_CALL_H
#define NUDGED_STORE_OUTBOX_CALL_H

#include "base/arena.h"
#include "redis/arguments.h"
#include "redis/reply.h"
#include "redis/scripts.h"
#include "store/instance.h"
#include "store/script_table.h"

struct log_group;
struct wrong_keys;

/* Takes under way when a connection is lost are at most one for each channel, and commits that
 * begin messages as many as two calls carry; the rest comes back when the daemon's lease ends. */
enum { LOST_MOST = 512 };

struct outbox {
    struct scripts *scripts;
    struct instance *instance;
    struct connection_owner owner;
    struct arena *names; /* of the channels and gateways */
    const char **channels, **gateways;
    size_t channel_count, gateway_count;
    const char *inbox; /* "": none */
    int64_t dead_keep_ms, trace_keep_ms;
    struct log_group *log_group;
    struct wrong_keys *wrong_keys;
    int64_t loads;           /* of the daemon's files, while it runs */
    int64_t takes;           /* their numbers, and those of passes */
    int64_t lost[LOST_MOST]; /* takes without a good answer: what they took must be put back */
    size_t lost_count;
    size_t recovering; /* so many of them, from the first, are being put back */
    /* By how much the machine's clock is ahead of Redis' at answers: the least since then, and
     * before. */
    int64_t behind_least_ms, behind_before_ms, behind_since_ms;
    /* Two arenas: a callback may ask again while it reads its answer. */
    struct arena *asking, *answering;
};

/* The arguments of a script that begins with the consumer, in the arena `asking`, which is emptied
 * for them; texts are referred to. */
struct arguments outbox_begin(struct outbox *outbox, size_t capacity);
void outbox_run(struct outbox *outbox, enum script script, const struct arguments *arguments,
                connection_callback *callback, void *context, void (*release)(void *context));
/* Dead letters that a script made, {mid, reason, gateway or "-" …}, are told; their number. */
size_t outbox_hear_buried(struct outbox *outbox, const struct reply *list);

#endif
