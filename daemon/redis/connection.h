/*
 * One connection to Redis on the event loop: commands are pipelined, replies come in
 * order, each command has a deadline. A lost connection is made again by itself, after
 * 50 ms to 5 s with full jitter, for ever.
 *
 * A command whose deadline passes drops the connection, for the stream of replies can
 * no longer be trusted; everything in flight fails with the reason. A failed command
 * may or may not have been carried out by Redis.
 *
 * Over a cluster it is a connection to the master of one slot, whichever that is at the time.
 * Where the slot has moved, or is moving, or nobody serves it, the connection is lost likewise; it
 * is ready again when the slot is served as a whole: `key` was asked for, and is not there. As
 * connections share a link to their master, a command that is late there costs all of them theirs.
 * Behind Sentinels it is a connection to the master that they name; where that was replaced, or
 * says that it is none (READONLY), the connection is lost.
 *
 * The program must ignore SIGPIPE: libevent writes to sockets that may be closed.
 *
 * Callbacks are never called before the call that asked for them returns, and never
 * after connection_silence() or connection_destroy().
 */
#ifndef NUDGED_REDIS_CONNECTION_H
#define NUDGED_REDIS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "redis/connection_request.h"
#include "redis/endpoint.h"

struct cluster;
struct connection;
struct event_base;

/* Called at every change between ready and not ready, and once for the first try that
 * fails in a row: `reason` is NULL when ready, else one sentence to be logged. */
typedef void connection_on_state(void *context, bool ready, const char *reason);

struct connection_options {
    struct event_base *base;
    struct endpoint endpoint; /* of a single Redis; copied, with its texts */
    struct cluster *cluster;  /* in place of it, and outlives the connection; NULL: none */
    const char *key;          /* of a cluster: the slot is this one's, which never exists; copied.
                                 Behind Sentinels it is passed over, like the next one */
    bool blocking;            /* of a cluster: over a link of its own, as it waits in Redis */
    const char *name;         /* for CLIENT LIST; letters, digits, ':' and '-'; may be NULL */
    size_t output_most;       /* bytes not yet sent above which commands are refused, unless there
                                 are none: one command may be bigger; 0: 64 MiB */
    size_t reply_most;        /* bytes of one reply; 0: 256 MiB */
    connection_on_state *on_state; /* may be NULL */
    /* Hears what comes unasked, on a connection that has subscribed; the reply is gone when it
     * returns. NULL: such a thing is a fault. */
    void (*on_message)(void *context, const struct reply *reply);
    void *context;
};

/* Starts to connect; never fails by itself. */
struct connection *connection_new(const struct connection_options *options);
void connection_destroy(struct connection **connection);

bool connection_ready(const struct connection *connection);
/* How often it became ready: what was answered before the last time may be lost with its server. */
int64_t connection_times_ready(const struct connection *connection);
/* Whether somebody answers who may be worth waiting for: a server that is loading its data, a
 * cluster whose slot is not served. */
bool connection_promising(const struct connection *connection);
/* The key of the options, of a connection to a slot; else NULL. */
const char *connection_key(const struct connection *connection);

/* Whether both send over one link, as over a cluster those to slots of one master do. */
bool connection_shares_link(const struct connection *one, const struct connection *other);

/* Gives it up, as where it was lost, and makes it again; not where it shares a link with others. */
void connection_drop(struct connection *connection, const char *reason);

/* Arguments are copied. Where the connection is not ready, or its output is full, the
 * callback comes soon, with the fault. */
void connection_send(struct connection *connection, const struct connection_request *request);

/* The short form for C strings, ended by NULL. */
void connection_command(struct connection *connection, struct connection_owner *owner,
                        connection_callback *callback, void *context, const char *command, ...)
    __attribute__((sentinel));

/* No callback comes any more for the owner's calls; their contexts are released. The
 * commands themselves may still be carried out. */
void connection_silence(struct connection_owner *owner);

#endif
