/*
 * Which daemons there are, where an installation has many shards: each says once a second, in shard
 * 0, that it is there, and hears who else is. By that they share the shards (app/assignment). It is
 * no lease: two that see each other differently for a while both work on a shard, which is right.
 */
#ifndef NUDGED_STORE_MEMBERS_H
#define NUDGED_STORE_MEMBERS_H

#include <stddef.h>

#include "base/diag.h"
#include "redis/scripts.h"

enum { MEMBERS_LEASE_MS = 5000 }; /* who has not said so for so long is not there */

struct event_base;
struct members;

struct members_options {
    struct event_base *base;
    struct scripts *scripts; /* of shard 0 */
    const char *name;        /* copied */
    size_t shards;           /* of the installation */
    /* The names of all daemons that are there, itself among them, in no order; good until it
     * returns. */
    void (*on_heard)(void *context, const char *const *names, size_t count);
    /* The installation has another number of shards: nothing more is said. */
    void (*on_refused)(void *context, const struct diag *fault);
    void *context;
};

/* Says so at once, and again and again. */
struct members *members_new(const struct members_options *options);
void members_destroy(struct members **members);

/* Nothing more is said or heard; the others need not wait for the end of its time. */
void members_leave(struct members *members);

#endif
