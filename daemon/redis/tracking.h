/*
 * Hears of it when keys of Redis change that are watched, whoever changes them, and when they
 * expire: CLIENT TRACKING, whose news come over a connection of their own. Of each key Redis tells
 * once; from then on it is watched no more, until it is named again.
 *
 * A Redis that does not allow it (the user lacks +client|tracking, +client|caching, +subscribe or
 * the channel) is one that tells nothing: that is logged once, and tracking_on() stays false.
 *
 * Callbacks are never called before the call that asked for them returns, and never after
 * tracking_destroy().
 */
#ifndef NUDGED_REDIS_TRACKING_H
#define NUDGED_REDIS_TRACKING_H

#include <stdbool.h>
#include <stddef.h>

#include "redis/connection.h"

struct tracking;

/* `key` has changed, or is gone; NULL: any may have, and none is watched any more. The key is gone
 * when the callback returns. */
typedef void tracking_on_change(void *context, const char *key);

struct tracking_options {
    struct event_base *base;
    struct endpoint endpoint;      /* of the connection that hears; copied */
    struct cluster *cluster;       /* as in connection_options */
    bool impossible;               /* there is none: over a cluster others name keys as well */
    const char *name;              /* of that, as in connection_options; may be NULL */
    struct connection *connection; /* which names the keys; outlives this */
    tracking_on_change *on_change;
    void *context;
};

struct tracking *tracking_new(const struct tracking_options *options);
void tracking_destroy(struct tracking **tracking);

/* To be called from the on_state of the connection that names the keys, each time. */
void tracking_connection(struct tracking *tracking, bool ready);

/* Whether Redis tells of what is watched. */
bool tracking_on(const struct tracking *tracking);

/* Watches keys, whether they exist or not: what changes after this command is told. What is sent
 * behind it over the same connection sees all that changed before. Nothing where it is off. */
void tracking_watch(struct tracking *tracking, const char *const *keys, size_t count);

#endif
