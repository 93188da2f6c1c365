/*
 * Connections from the web, each a visit, and what one may take up of place and time. A request
 * waits in its socket until its head is there as a whole and right (web/head_syntax); only then it
 * is let in.
 *
 *   WAITING -> HEADING -> INSIDE -> WAITING …        -> LEAVING
 */
#ifndef NUDGED_WEB_VISITS_H
#define NUDGED_WEB_VISITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/head_syntax.h"
#include "web/web_clients.h"
#include "web/web_proxies.h"
#include "web/web_settings.h"

struct event;
struct event_base;
struct visits;

enum visit_state {
    VISIT_WAITING, /* nothing of a request is there */
    VISIT_HEADING, /* a part of its head */
    VISIT_INSIDE,  /* it was let in, and is under way */
    VISIT_LEAVING, /* it was told no, or is about to be closed */
};

struct visit {
    struct visits *visits;
    struct visit *next, *before; /* of all */
    enum visit_state state;
    int fd; /* not its own */
    struct web_address peer;
    struct web_client *client; /* by that address */
    struct event *readable;    /* edges */
    int64_t until_ms;          /* clock_monotonic_ms() */
    size_t requests;           /* let in so far */
    bool pass;                 /* the request that was let in has not been read yet */
    bool seen;                 /* bytes came while it was inside: they may be of the next request */
    struct head_syntax syntax; /* of the head that is coming, or that was let in: */
    char method[HEAD_METHOD_MOST + 1];
    uint64_t target; /* a hash of it */
    void *own;       /* the listener's */
};

struct visits_options {
    struct event_base *base;
    const struct web_limits *limits;
    const struct web_proxies *proxies;
    /* A request is to be let in: its head waits in the socket. */
    void (*on_pass)(void *context, struct visit *visit);
    /* It has stayed inside for too long. */
    void (*on_late)(void *context, struct visit *visit);
    /* It is to be closed: who owns the socket does so, and calls visits_forget. */
    void (*on_over)(void *context, struct visit *visit);
    /* Somebody was refused before there was a request. */
    void (*on_refused)(void *context, enum web_refusal refusal);
    void *context;
};

/* The options' parts outlive it. */
struct visits *visits_new(const struct visits_options *options);
/* After the last visits_forget. */
void visits_destroy(struct visits **visits);

/* A new connection; NULL: it was refused, told so, and `fd` closed. From then on its bytes are
 * looked at after visits_wait. */
struct visit *visits_begin(struct visits *visits, int fd, const struct web_address *peer);
/* The visit is as if new: the next request is waited for. May call on_pass, on_over. */
void visits_wait(struct visit *visit);
void visits_forget(struct visit *visit);

/* Says no in plain HTTP, and closes a little later: so the client reads it. */
void visits_refuse(struct visit *visit, enum web_refusal refusal);
/* Closes it, without a word. */
void visits_end(struct visit *visit);
/* Closes those that wait for another request, and soon those that wait for their first. */
void visits_drain(struct visits *visits);
/* Whether requests are under way, or may be. */
bool visits_busy(const struct visits *visits);

size_t visits_count(const struct visits *visits);
struct visit *visits_first(const struct visits *visits);
struct web_clients *visits_clients(const struct visits *visits);

#endif
