/*
 * WIRE_APPEND: events that nudged-web has let in. Each is looked at again, as a stranger's; those
 * that may pass go into the stream in one step, and Redis' word on each is the answer; where
 * `web.wait_replicas` says so, when that many replicas have them.
 */
#ifndef NUDGED_HOST_HOST_APPEND_H
#define NUDGED_HOST_HOST_APPEND_H

#include <stdbool.h>

#include "host/host_channel.h"
#include "store/routes.h"

struct event_base;
struct host_append;
struct web_settings;

struct host_append_options {
    struct event_base *base;
    struct routes routes;
    struct host_channel *channel; /* where answers go; outlives it */
    /* The configuration's customer.keys of now, NULL-terminated; and its `web`. */
    const char *const *(*key_paths)(void *context);
    const struct web_settings *(*settings)(void *context);
    void *context;
};

struct host_append *host_append_new(const struct host_append_options *options);
/* Nothing that is under way is answered any more. */
void host_append_destroy(struct host_append **append);

/* A frame of that kind; false where it cannot be read. */
bool host_append_take(struct host_append *append, struct wire_frame *frame);

#endif
