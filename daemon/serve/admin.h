/*
 * The admin socket: HTTP/1.1 on a Unix socket of mode 0600, so only the
 * daemon's user and root reach it. Runs on the event loop's thread; a handler
 * answers before it returns and must not block. The process ignores SIGPIPE.
 *
 * What can be asked stands in the caller's table. Bounds: ADMIN_BODY_MOST bytes
 * of body and ADMIN_HEADERS_MOST of request line and headers (past either a 4xx
 * answer), ADMIN_SECONDS without progress before a connection is closed.
 */
#ifndef NUDGED_SERVE_ADMIN_H
#define NUDGED_SERVE_ADMIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"

struct event_base;
struct admin;

enum { ADMIN_BODY_MOST = 65536, ADMIN_HEADERS_MOST = 8192, ADMIN_SECONDS = 10 };
enum { ADMIN_ANSWER_MOST = 16 << 20 };

/* Lives as long as the handler's call. */
struct admin_request {
    const char *path;  /* "/status" */
    const char *query; /* what stands after '?', still encoded; "" for none */
    const char *body;  /* NUL-terminated; "" for none */
    size_t length;     /* of the body */
};

/* What a handler fills in. Before its call: 200, text/plain, no body. */
struct admin_reply {
    int status;       /* HTTP */
    const char *type; /* a media type; must outlive the call */
    struct buf body;  /* at most ADMIN_ANSWER_MOST bytes; past that a 500 is sent */
};

typedef void admin_handler(void *context, const struct admin_request *request,
                           struct admin_reply *reply);

struct admin_route {
    const char *method; /* "GET" or "POST" */
    const char *path;
    admin_handler *handler;
};

/* The handler for GET /metrics: every figure in the Prometheus text format. */
admin_handler admin_metrics;

/* Listens at `path`, at most 107 bytes. A socket that a dead process left there is
 * replaced; one that answers, or a file of another kind, is an error. "<path>.lock" beside it
 * stays there. `routes` ends with a row without a path, and outlives the admin, as `context`
 * does. NULL with `diag` set. */
struct admin *admin_open(struct event_base *base, const char *path,
                         const struct admin_route *routes, void *context, struct diag *diag);

/* Closes the connections and removes the socket. Answers given before are still
 * written, as far as the kernel takes them at once. */
void admin_destroy(struct admin **admin);

#endif
