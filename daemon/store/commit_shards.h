/* What a commit carries for other shards, and from them: an item of each such list of commit.lua.
 */
#ifndef NUDGED_STORE_COMMIT_SHARDS_H
#define NUDGED_STORE_COMMIT_SHARDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* An event that nudged makes, of the customer with that key, for the shard of that; or, where
 * `whose` is not NULL, for that of whose it is. */
struct commit_stray {
    const char *own, *whose;
    struct slice event; /* JSON */
};

/* What the commit says under a name of P:said is told to a shard too: the own one of the key whose
 * name that is. */
struct commit_heard {
    const char *name;
    size_t shard;
};

/* An entry that is about who stands under a key in another shard: it goes there. */
struct commit_aside {
    const char *entry, *whose;
};

/* Where a key is to lead; as name_redirect makes it, or a key. */
struct commit_lead {
    const char *hash;
    const char *from; /* only if it leads to that key now; "": in any case */
    const char *to;   /* "": nowhere any more */
    int64_t expire_ms;
};

/* The customer goes to another shard with all that there is of them, unless a sender has a message
 * of theirs: then nothing is done but that the entry which asks for it comes again later. */
struct commit_leaving {
    const char *whose;  /* under which key they will be part of whom; NULL: they stay */
    struct slice event; /* which tells that, JSON */
    const char *entry;
    const char *const *mids; /* their messages */
    size_t mid_count;
    const char *const *runs; /* that were given codes, by their mids */
    size_t run_count;
    const char *const *names; /* in P:said, of their keys */
    size_t name_count;
};

#endif
