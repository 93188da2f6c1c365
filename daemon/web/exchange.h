/*
 * One request and its answer, as they are put together: the head is checked and decoded, the body
 * gathered within its bounds, the route asked. Knows nothing of who speaks HTTP.
 */
#ifndef NUDGED_WEB_EXCHANGE_H
#define NUDGED_WEB_EXCHANGE_H

#include <stdbool.h>

#include "base/buf.h"
#include "web/head_rules.h"
#include "web/visits.h"
#include "web/web_answer.h"
#include "web/web_request.h"
#include "web/web_route.h"

struct web_site;

/* What exchanges share. */
struct exchange_world {
    struct web_site *site;
    const struct web_route *routes;
    struct visits *visits;
    size_t buffered; /* bytes of their bodies */
    bool draining;   /* each answer closes its connection */
    /* The answer of an exchange is there, and came later than its body. */
    void (*on_answer)(void *own);
};

enum exchange_state {
    EXCHANGE_READING,  /* the body comes */
    EXCHANGE_SERVING,  /* the route has it */
    EXCHANGE_ANSWERED, /* `answer` waits to be sent */
    EXCHANGE_SENT,     /* it was handed over */
};

struct exchange {
    struct exchange_world *world;
    struct visit *visit;
    void *own; /* the listener's */
    enum exchange_state state;
    struct web_request request;
    struct head_rules head;
    struct web_client *client; /* who asks, behind proxies; NULL: not known yet */
    struct buf body;
    const struct web_answer *answer;
    bool in_serve; /* the route is being called */
};

/* The head as it came. */
struct exchange_head {
    struct slice method, target;
    bool version_1_1;
    struct web_fields headers; /* in the exchange's arena */
};

struct exchange *exchange_new(struct exchange_world *world, struct visit *visit, void *own);
/* While it is SERVING it lives on until its route has answered, but nobody hears that. */
void exchange_free(struct exchange **exchange);

/* Before the body: the answer where it is no, else NULL. */
const struct web_answer *exchange_begin(struct exchange *exchange,
                                        const struct exchange_head *head);
/* A piece of the body; likewise. */
const struct web_answer *exchange_add(struct exchange *exchange, const char *bytes, size_t length);
/* The body is whole: the answer, or NULL where it comes later (on_answer). */
const struct web_answer *exchange_serve(struct exchange *exchange);
/* A no of the listener's own. */
const struct web_answer *exchange_refuse(struct exchange *exchange, enum web_refusal refusal);

/* The answer is handed over: it is counted. */
void exchange_sent(struct exchange *exchange, const struct web_answer *answer);

#endif
