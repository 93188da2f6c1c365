/*
 * What can be asked over the web: rows of one table (web/web_routes.c), which ends with a row
 * without a path.
 */
#ifndef NUDGED_WEB_WEB_ROUTE_H
#define NUDGED_WEB_WEB_ROUTE_H

#include <stddef.h>

#include "web/web_answer.h"
#include "web/web_request.h"

/* The route's answer; it may come before `serve` returns, or later on the loop, once. */
typedef void web_done(void *arg, const struct web_answer *answer);

/* What guards a route. Who proves nothing, or wrongly, has `limits.rate`. */
enum web_proof {
    WEB_PROOF_NONE, /* anybody: each request counts */
    WEB_PROOF_HEAD, /* `admit` knows who it is */
    WEB_PROOF_BODY, /* a signature over the body: `serve` knows */
};

struct web_route {
    const char
        *path;   /* "/v1/events"; one that ends in a star takes a word without "/" in its place */
    int methods; /* of enum web_method, joined by | ; WEB_GET stands for HEAD too */
    size_t body_most; /* bytes; 0: `limits.body`. Never more than that */
    enum web_proof proof;
    const char *name; /* for figures and log: a word */
    /* Called when the head is known and **before any of the body is read**: says who may come in.
     * NULL: go on; else the answer, in the request's arena. May be NULL itself. */
    const struct web_answer *(*admit)(struct web_request *request);
    /* Called with the whole body. The request lives until `done` was called. */
    void (*serve)(struct web_request *request, web_done *done, void *arg);
};

extern const struct web_route web_routes[];

/* The row of a decoded path, and what stands in its star's place; NULL: none. */
const struct web_route *web_route_find(const struct web_route *routes, const char *path,
                                       const char **rest);

#endif
