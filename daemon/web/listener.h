/*
 * HTTP for strangers: takes connections from a socket that listens, hands each request to its
 * route, and sends what that answers. What is refused is counted.
 *
 * libmicrohttpd speaks HTTP and TLS; what it lets pass and we do not, the bounds, and the deadlines
 * are here and in the files that this one names.
 */
#ifndef NUDGED_WEB_LISTENER_H
#define NUDGED_WEB_LISTENER_H

#include <stdbool.h>

#include "base/diag.h"
#include "web/web_route.h"
#include "web/web_site.h"

struct event_base;
struct listener;

struct listener_options {
    struct event_base *base;
    int fd;                         /* listens; taken over */
    struct web_site *site;          /* outlives the listener */
    const struct web_route *routes; /* likewise */
};

/* Reads its certificate; takes nobody yet. NULL with `diag`. */
struct listener *listener_new(const struct listener_options *options, struct diag *diag);
void listener_destroy(struct listener **listener);

/* Begins to take connections. */
void listener_start(struct listener *listener);
/* Takes no more, and closes those that are idle. The others end with the answer to come. */
void listener_drain(struct listener *listener);
/* Whether requests are under way. */
bool listener_busy(const struct listener *listener);

#endif
