/*
 * Entries of one stream of events go on in that of a shard, each once: the shard remembers them for
 * a week by where they were (P:once:<hash>). So whoever has no answer, or died, may ask again.
 */
#ifndef NUDGED_STORE_CARRYING_H
#define NUDGED_STORE_CARRYING_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "redis/scripts.h"

struct carrying_entry {
    const char *id;                  /* where it was */
    struct slice event;              /* text NULL: it has no such field */
    const char *own, *login, *whose; /* its other fields (docs/redis.md); NULL: it lacks them */
    struct slice parcel;             /* likewise; text NULL */
};

struct carrying {
    const char *stream;                   /* the key of that where they were: "nudged:events" */
    const struct carrying_entry *entries; /* they stay in this order */
    size_t count;
};

/* All are there now, `added` of them only since now; with a `fault` it is not known. */
typedef void carrying_on_done(void *context, int64_t added, const struct diag *fault);

/* `scripts`: of the shard. From the loop, never before it returns. */
void carrying_run(struct scripts *scripts, const struct carrying *carrying,
                  struct connection_owner *owner, carrying_on_done *callback, void *context);

#endif
