/*
 * Which daemons work on a shard: the first ASSIGNMENT_DAEMONS by rendezvous hashing (Thaler and
 * Ravishankar, 1998), in which each daemon has a weight for each shard. All daemons come to the
 * same without asking each other, and one that comes or goes moves no shard but its own. Two for
 * each, so that one that dies leaves no shard alone. Pure.
 */
#ifndef NUDGED_APP_ASSIGNMENT_H
#define NUDGED_APP_ASSIGNMENT_H

#include <stdbool.h>
#include <stddef.h>

enum { ASSIGNMENT_DAEMONS = 2 };

/* Whether `name`, which may or may not be among the daemons, is to work on the shard. */
bool assignment_has(const char *const *daemons, size_t count, const char *name, size_t shard);

#endif
