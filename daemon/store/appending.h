/*
 * Events into the stream, with the daemon's own connection, for who waits for Redis' word: what
 * came from the web. P:once:<hash> remembers a request by its names for a while.
 */
#ifndef NUDGED_STORE_APPENDING_H
#define NUDGED_STORE_APPENDING_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "redis/scripts.h"

enum appending_state {
    APPENDING_TAKEN,
    APPENDING_DUPLICATE,
    APPENDING_CONFLICT,
    APPENDING_UNAVAILABLE, /* Redis may or may not have it */
};

enum { APPENDING_NAMES_MOST = 4 };

struct appending {
    const struct slice *events; /* JSON; together in one step, or none of them */
    size_t count;
    const struct slice *names; /* at most APPENDING_NAMES_MOST; any bytes: their hash is kept */
    size_t name_count;
    struct slice digest; /* a word, or "" */
    const char *login;   /* who pushed them, kept with each; NULL: nobody is named */
    int64_t keep_ms;
};

/* `reply`: item 1 + i of it is the id of event i; an item that is not there has none. NULL where it
 * is unavailable; `fault` then says why. Good until the callback returns. */
typedef void appending_on_done(void *context, enum appending_state state, const struct reply *reply,
                               const struct diag *fault);

struct appending_call {
    struct connection_owner *owner;
    appending_on_done *callback; /* from the loop, never before appending_run returns */
    void *context;
    void (*release)(void *context); /* after the callback, or when the owner was silenced */
};
void appending_run(struct scripts *scripts, const struct appending *appending,
                   const struct appending_call *call);

#endif
