/*
 * Which daemons there are, where an installation has many shards: each says once a second, in shard
 * 0, that it is there, and hears who else is. By that they share the shards (app/assignment). It is
 * no lease: two that see each other differently for a while both work on a shard, which is right.
 */
#ifndef NUDGED_STORE_MEMBERS_H
#define NUDGED_STORE_MEMBERS_H

#include <stddef.h>

#include "redis/scripts.h"

enum { MEMBERS_LEASE_MS = 5000 }; /* who has not said so for so long is not there */

struct event_base;
struct members;

/* The names of all daemons that are there, itself among them, in no order; good until it returns.
 */
typedef void members_on_heard(void *context, const char *const *names, size_t count);

/* Says so at once, and again and again. The name is copied. */
struct members *members_new(struct event_base *base, struct scripts *scripts, const char *name,
                            members_on_heard *on_heard, void *context);
void members_destroy(struct members **members);

/* Nothing more is said or heard; the others need not wait for the end of its time. */
void members_leave(struct members *members);

#endif
