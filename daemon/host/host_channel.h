/*
 * The daemon's end of the connection to one nudged-web: frames there and back (web/wire). What
 * comes is taken as a stranger's.
 */
#ifndef NUDGED_HOST_HOST_CHANNEL_H
#define NUDGED_HOST_HOST_CHANNEL_H

#include <stdbool.h>

#include "base/buf.h"
#include "web/wire.h"

struct event_base;
struct host_channel;

struct host_channel_options {
    struct event_base *base;
    int fd; /* taken over */
    /* A whole frame, good until it returns. False: that cannot be; the connection ends. */
    bool (*on_frame)(void *context, struct wire_frame *frame);
    void (*on_end)(void *context); /* once, from the loop: nobody is there any more */
    void *context;
};

struct host_channel *host_channel_new(const struct host_channel_options *options);
void host_channel_destroy(struct host_channel **channel); /* no callback comes any more */

/* Where a frame is written: wire_begin(host_channel_out(c), …) … host_channel_send(c, begun). One
 * at a time. False where it cannot be sent. */
struct buf *host_channel_out(struct host_channel *channel);
bool host_channel_send(struct host_channel *channel, size_t begun);

#endif
