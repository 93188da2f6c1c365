/* What the files of the outbox share; for nobody else. */
#ifndef NUDGED_STORE_OUTBOX_CALL_H
#define NUDGED_STORE_OUTBOX_CALL_H

#include "base/arena.h"
#include "redis/arguments.h"
#include "redis/reply.h"
#include "redis/scripts.h"
#include "store/instance.h"
#include "store/script_table.h"
#include "store/token_clock.h"

struct log_group;
struct wrong_keys;

/* A take, or a commit that begins messages, whose answer was lost: what it took must be put back.
 * It may come to Redis later still: a network that works again delivers what was sent over a
 * connection that was given up. So it is put back more than once, until then (clock_monotonic_ms).
 */
struct outbox_lost {
    int64_t number, until_ms;
};

/* Only where a key is wrong for hours are there more; these come back when the daemon ends. */
enum { LOST_MOST = 65536 };

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
    int64_t loads; /* of the daemon's files, while it runs */
    int64_t takes; /* their numbers, and those of passes */
    struct outbox_lost *lost;
    size_t lost_count;
    size_t owed;       /* the last of them, which were not put back yet */
    int64_t losses;    /* of the connection */
    int64_t settled;   /* all takes up to this number came before the last loss; 0: what they took
                          and stands in Redis though it is in no hand was looked for */
    size_t recovering; /* so many of them, from the first, are being put back, … */
    int64_t recovered_ms; /* … as was asked for then */
    struct token_clock clock;
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
