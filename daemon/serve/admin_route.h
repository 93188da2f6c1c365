/*
 * What can be asked over HTTP, as a table of the caller's: who answers which path. A handler runs
 * on the event loop's thread, answers before it returns, or says that it will later, and must not
 * block.
 *
 * Bounds: ADMIN_BODY_MOST bytes of body and ADMIN_HEADERS_MOST of request line and headers (past
 * either a 4xx answer), ADMIN_SECONDS without progress before a connection is closed.
 */
#ifndef NUDGED_SERVE_ADMIN_ROUTE_H
#define NUDGED_SERVE_ADMIN_ROUTE_H

#include <stddef.h>

#include "base/buf.h"

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

/* An answer that is given after its handler has returned. */
struct admin_later;

/* Only in the handler that has the reply. */
struct admin_later *admin_later(struct admin_reply *reply);
/* To be filled in. Who asked may be gone by then, which is nothing to who answers. */
struct admin_reply *admin_later_reply(struct admin_later *later);
/* Once; it is no more. Never after the socket was closed. */
void admin_later_send(struct admin_later *later);

typedef void admin_handler(void *context, const struct admin_request *request,
                           struct admin_reply *reply);

struct admin_route {
    const char *method; /* "GET", by HEAD too, or "POST" */
    const char *path;
    admin_handler *handler;
};

/* The handler for GET /metrics: every figure in the Prometheus text format. */
admin_handler admin_metrics;

#endif
