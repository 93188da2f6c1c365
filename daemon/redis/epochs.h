/*
 * The highest configuration epoch of each master that Sentinels watch, as this process has followed
 * it, over all of its connections and threads: what is told under a lower one is older.
 */
#ifndef NUDGED_REDIS_EPOCHS_H
#define NUDGED_REDIS_EPOCHS_H

#include <stdint.h>

/* -1: none yet. */
int64_t epochs_followed(const char *master);
/* That one is followed from now on, also where it is lower. */
void epochs_follow(const char *master, int64_t epoch);

#endif
