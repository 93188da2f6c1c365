/*
 * Whether replicas have what a command pushed, a batch of events at a time: each ends with a `WAIT`
 * on every connection that something of it went over. That answers for all that the connection
 * wrote, as long as it is one and the same.
 */
#ifndef NUDGED_CTL_CONFIRMING_H
#define NUDGED_CTL_CONFIRMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "ctl/shards.h"

struct confirming {
    const struct shards *shards;
    size_t replicas; /* of each master, that must have it; 0: nothing is asked for */
    int64_t timeout_ms;
    bool *written;                  /* of each shard: something of the batch went there */
    uint64_t count;                 /* events of the batch */
    uint32_t first_line, last_line; /* in their file; where there are any */
};

/* By the options of a command, NULL where they are not given. 0; EX_USAGE after a fault, which was
 * printed. */
int confirming_read(struct confirming *confirming, const char *command, const char *replicas,
                    const char *timeout);
/* For the shards; `written` lies in the arena. */
void confirming_open(struct confirming *confirming, const struct shards *shards,
                     struct arena *arena);
/* An event of the batch was pushed, which stands there. */
void confirming_add(struct confirming *confirming, uint32_t line);
void confirming_add_shard(struct confirming *confirming, size_t shard);
/* Waits until all of the batch has its answer, and replicas have it. False: that is not known, and
 * `diag` says why; its code is "replicas-behind" where too few said so in time. */
bool confirming_ask(const struct confirming *confirming, struct diag *diag);
/* Begins the next batch. */
void confirming_next(struct confirming *confirming);
/* Prints, as a fault, which lines of that file are not confirmed: those of the batch. */
void confirming_tell(const struct confirming *confirming, const char *file);

#endif
