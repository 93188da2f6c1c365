/*
 * One request as a route sees it: checked, decoded, bounded. All of it lies in `arena`, which lives
 * until the route has answered.
 */
#ifndef NUDGED_WEB_WEB_REQUEST_H
#define NUDGED_WEB_WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

struct web_route;
struct web_site;

enum web_method { WEB_GET = 1, WEB_HEAD = 2, WEB_POST = 4 };

struct web_field {
    struct slice name, value; /* each with a NUL behind it, and none within */
};

struct web_fields {
    const struct web_field *items;
    size_t count;
};

enum { WEB_CLIENT_SIZE = 64 };

struct web_request {
    struct arena *arena;
    struct web_site *site;         /* what the routes have loaded */
    const struct web_route *route; /* never NULL for a route */
    enum web_method method;        /* HEAD is asked as GET is: the listener leaves the body out */
    const char *path;              /* decoded; no ".", "..", "//" or control character in it */
    const char *rest;              /* of a pattern that ends in a star: what stands in its place */
    struct web_fields query;       /* decoded, in their order */
    struct web_fields headers;     /* likewise; no line is folded */
    struct slice body;             /* whole, with a NUL behind it; `serve` alone has it */
    char client[WEB_CLIENT_SIZE];  /* address of who asks, behind proxies that are believed */
    bool secure;                   /* it came over TLS, as far as believed proxies tell */
};

/* The value of a header, by a name in any letter case; NULL where there is none. The first where it
 * stands there twice: ask web_request_header_count() where that matters. */
const char *web_request_header(const struct web_request *request, const char *name);
size_t web_request_header_count(const struct web_request *request, const char *name);

/* The value of a parameter of the query; NULL where there is none. */
const char *web_request_query(const struct web_request *request, const char *name);

/* Whether Content-Type names this media type, whatever its parameters are. */
bool web_request_is(const struct web_request *request, const char *type);

#endif
