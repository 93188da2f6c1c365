/*
 * Errors by which a node of a cluster says that the slot of a command is not served there, or not
 * as a whole.
 */
#ifndef NUDGED_REDIS_REDIRECT_H
#define NUDGED_REDIS_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>

#include "redis/reply.h"

/* MOVED, ASK, TRYAGAIN, CLUSTERDOWN; and a script that the slot was taken from while it ran, which
 * may have been carried out in part. */
bool redirect_is(const struct reply *error);

/* The node that "MOVED 3999 10.0.0.7:6381" names (`code` is "MOVED", or "ASK" likewise), of which
 * `host` gets the text. False where the error is another one, or names no host. */
bool redirect_names(const char *error, const char *code, char *host, size_t size, int *port);

#endif
