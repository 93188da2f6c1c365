/*
 * The highest configuration epoch of each master that Sentinels watch, as it was followed, over all
 * of the process' connections and threads: what is told under a lower one is older. A file has them
 * beyond that, for who starts behind it.
 */
#ifndef NUDGED_REDIS_EPOCHS_H
#define NUDGED_REDIS_EPOCHS_H

#include <stdbool.h>
#include <stdint.h>

/* What the file has is known; where `write`, it has what is followed from now on. One that cannot
 * be read has nothing, one that cannot be written is tried again. Before anything is followed. */
void epochs_keep(const char *path, bool write);

/* -1: none yet. */
int64_t epochs_followed(const char *master);
/* That one is followed from now on, also where it is lower. */
void epochs_follow(const char *master, int64_t epoch);

#endif
