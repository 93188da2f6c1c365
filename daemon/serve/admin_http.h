/*
 * HTTP/1.1 on a socket that listens already: routes of a table are answered. The admin socket and
 * the port of figures are two of these.
 */
#ifndef NUDGED_SERVE_ADMIN_HTTP_H
#define NUDGED_SERVE_ADMIN_HTTP_H

#include <stdbool.h>

#include "serve/admin_route.h"

struct event_base;
struct admin_http;

enum { ADMIN_HTTP_CONNECTIONS = 64 }; /* at once, where any program of the machine may connect */

struct admin_http_options {
    struct event_base *base;
    int fd;                           /* taken over */
    bool is_port;                     /* open to every user and browser of this machine: at most
                                         ADMIN_HTTP_CONNECTIONS; a request for a Host that does not name a
                                         loopback address is refused, so that no page of the web may ask by a name
                                         that leads here (DNS rebinding) */
    const struct admin_route *routes; /* ends with a row without a path; outlives the object, … */
    void *context;                    /* … as this does */
};

struct admin_http *admin_http_open(const struct admin_http_options *options);

/* Closes the socket and the connections. Answers given before are still written, as far as the
 * kernel takes them at once. */
void admin_http_close(struct admin_http **http);

#endif
