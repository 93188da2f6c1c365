/*
 * What a connection to Redis runs over: TCP with names resolved by evdns, TLS above it, or
 * a Unix socket; each as a bufferevent that begins to connect.
 */
#ifndef NUDGED_REDIS_TRANSPORT_H
#define NUDGED_REDIS_TRANSPORT_H

#include "base/diag.h"
#include "redis/endpoint.h"

struct transport;
struct event_base;
struct bufferevent;

/* `endpoint` must outlive the transport. */
struct transport *transport_new(struct event_base *base, const struct endpoint *endpoint);
void transport_destroy(struct transport **transport);

/* A bufferevent without callbacks, to be given to transport_connect; NULL with `diag` where
 * TLS cannot be set up. Free it before the transport. */
struct bufferevent *transport_open(struct transport *transport, struct diag *diag);

/* Begins to connect. The bufferevent's event callback may already come from within; false
 * with `diag` where it failed without one. */
bool transport_connect(struct transport *transport, struct bufferevent *stream, struct diag *diag);

/* The socket's options once it is connected: no delay, keep-alive. */
void transport_connected(const struct transport *transport, struct bufferevent *stream);

/* Gives to `take` what has come, in pieces. libevent reads 4 KiB at a time (2.1), and a batch of
 * events has twenty times as much: the rest is read here from the socket. Its end or a failure is
 * left for the bufferevent to see. */
void transport_read(struct transport *transport, struct bufferevent *stream,
                    void (*take)(void *context, const char *bytes, size_t length), void *context);

/* After an event of the bufferevent that ended it: why, in words. Returns false. */
bool transport_fault(struct bufferevent *stream, short events, struct diag *diag);

#endif
