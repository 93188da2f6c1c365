/*
 * A name of a request from the web, whose events may go to several shards: one shard, which follows
 * from the name, knows of which request it is (P:once:<hash>), before any event is appended.
 */
#ifndef NUDGED_STORE_RESERVING_H
#define NUDGED_STORE_RESERVING_H

#include <stdint.h>

#include "base/slice.h"
#include "redis/scripts.h"
#include "store/routes.h"

struct reserving {
    struct slice name;   /* any bytes */
    struct slice digest; /* of the request; a word */
    int64_t keep_ms;     /* for how long its shards are to remember it */
};

/* `left_ms`: for how long they may still remember it; 0: the name is another request's. With a
 * `fault` it is not known. */
typedef void reserving_on_done(void *context, int64_t left_ms, const struct diag *fault);

struct reserving_call {
    struct connection_owner *owner;
    reserving_on_done *callback; /* from the loop, never before reserving_run returns */
    void *context;
    void (*release)(void *context); /* after the callback, or when the owner was silenced */
};

/* The scripts of the shard that knows the name; NULL: it cannot be reached now. */
struct scripts *reserving_scripts(const struct routes *routes, struct slice name);

void reserving_run(struct scripts *scripts, const struct reserving *reserving,
                   const struct reserving_call *call);

#endif
