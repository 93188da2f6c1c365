/*
 * The private redis-server of a daemon that was given none: on a Unix socket in the
 * state folder, with an append-only file, ended with the daemon however that ends.
 *
 * A lock file in the folder is held by the daemon and inherited by its server, so a new
 * daemon waits until the server of one that was killed has written its data and ended.
 * Readiness is the connection's to find out (CONNECTION_READY waits LOADING out).
 */
#ifndef NUDGED_REDIS_EMBEDDED_H
#define NUDGED_REDIS_EMBEDDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

struct embedded;
struct event_base;

enum embedded_state {
    EMBEDDED_LOCKING, /* an older server or daemon still holds the folder */
    EMBEDDED_RUNNING, /* the server was started; it may still be loading */
    EMBEDDED_RESTING, /* it ended by itself and is started again soon */
    EMBEDDED_FAILED,  /* no start will help: `fault` says why; nothing goes on */
};

/* Every change of state; `fault` is set for RESTING and FAILED, else NULL. The server's
 * ends are logged here already. */
typedef void embedded_on_state(void *context, enum embedded_state state, const struct diag *fault);

struct embedded_options {
    struct event_base *base;
    const char *folder;  /* the state folder, which exists; all files go to <folder>/redis */
    const char *program; /* NULL: redis-server from PATH, else valkey-server */
    const char *fsync;   /* "everysec" (NULL) or "always" */
    embedded_on_state *on_state; /* may be NULL */
    void *context;
};

/* NULL with `diag` where the folder cannot be used (not there, not ours, the socket's
 * path too long). The callback comes from the loop only. */
struct embedded *embedded_start(const struct embedded_options *options, struct diag *diag);

/* Ends the server with SIGTERM and waits until it wrote its data (blocking, 30 s at most,
 * then SIGKILL). Call it after the connections were destroyed. */
void embedded_destroy(struct embedded **embedded);

/* "unix://…": for endpoint_parse. */
const char *embedded_url(const struct embedded *embedded);

/* The folder's URL without starting anything, for nudgectl; false where it is too long. */
bool embedded_find(const char *folder, char *url, size_t size);

#endif
