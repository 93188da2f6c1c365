/*
 * Who takes what is due by Redis' clock, deadlines (store/timers) and ticks (store/clocks): whom
 * they ask, in whose name, and the memory of a question and of its answer.
 */
#ifndef NUDGED_STORE_TAKER_H
#define NUDGED_STORE_TAKER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "redis/arguments.h"
#include "redis/scripts.h"
#include "store/instance.h"
#include "store/script_table.h"

struct taker {
    struct scripts *scripts;
    const struct instance *instance;
    struct connection_owner owner;
    int64_t settle_ms;
    char *inbox;             /* "": none */
    struct arena *asking;    /* of the newest question */
    struct arena *answering; /* of the newest answer; who reads one resets it */
};

/* `inbox` is copied. `chunk`: bytes of the arenas to begin with. */
void taker_open(struct taker *taker, struct scripts *scripts, const struct instance *instance,
                int64_t settle_ms, const char *inbox, size_t chunk);
/* No callback comes any more. */
void taker_close(struct taker *taker);

/* Arguments of the next question. */
struct arguments taker_begin(struct taker *taker, size_t capacity);

/* Runs the script; `call`, which is allocated, is let go by `release` when all is over. */
void taker_run(struct taker *taker, enum script script, const struct arguments *arguments,
               connection_callback *callback, void *call, void (*release)(void *call));

#endif
