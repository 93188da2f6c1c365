/*
 * A link to one Redis: the socket, its greeting, and the calls in flight on it, which are answered
 * in their order. A lost link is made again by itself, after 50 ms to 5 s with full jitter, for
 * ever.
 *
 * Who sends over it holds it: a connection that has it to itself, or all connections to the slots
 * of one master. A call whose deadline passes drops the link, for the stream of replies can no
 * longer be trusted; so one slow call of one holder fails the calls of all.
 */
#ifndef NUDGED_REDIS_SERVER_LINK_H
#define NUDGED_REDIS_SERVER_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "redis/connection_call.h"
#include "redis/endpoint.h"

struct server_link;
struct event_base;

enum server_link_state {
    SERVER_LINK_WAITING,    /* for the next try (also before the first) */
    SERVER_LINK_CONNECTING, /* name, socket, TLS */
    SERVER_LINK_GREETING,   /* AUTH, SELECT, ROLE, PING until it is no longer LOADING */
    SERVER_LINK_READY,      /* calls are taken */
};

/* Stays where it is while it is attached. */
struct server_link_holder {
    /* Ready; or not, and why: it was lost, or one more try failed. The calls that were in flight
     * are answered after that. */
    void (*on_state)(void *context, bool ready, const char *reason);
    /* An error that answers one of its calls. True: the call is the holder's now, who answers it;
     * false: it is answered with the error. NULL: always that. */
    bool (*on_error)(void *context, struct connection_call *call, const struct reply *reply);
    void *context;
    /* The link's. */
    struct server_link_holder *next;
    unsigned told; /* of which news it has heard */
};

struct server_link_options {
    struct event_base *base;
    struct endpoint endpoint; /* copied, with its texts */
    const char *name;         /* as in connection_options, like the next two */
    size_t output_most;
    size_t reply_most;
    void (*on_message)(void *context, const struct reply *reply); /* likewise, with its context */
    void *context;
};

/* Starts to connect; never fails by itself. */
struct server_link *server_link_new(const struct server_link_options *options);
/* With all calls, unanswered; also from within a callback. */
void server_link_destroy(struct server_link **link);

/* The holder hears of what changes from then on. */
void server_link_attach(struct server_link *link, struct server_link_holder *holder);
/* Nothing is heard any more, and nobody hears the answers of its calls, which are released. */
void server_link_detach(struct server_link *link, struct server_link_holder *holder);

/* As where it was lost: it is made again. */
void server_link_drop(struct server_link *link, const char *reason);

enum server_link_state server_link_state(const struct server_link *link);

/* Sends on a link that is ready; the call, whose holder is set, is the link's then. False where the
 * output is full. */
bool server_link_send(struct server_link *link, const struct connection_request *request,
                      struct connection_call *call);

/* Takes the holder's calls out of the flight, to the end of `calls`; nobody hears their answers. */
void server_link_recall(struct server_link *link, const struct server_link_holder *holder,
                        struct connection_calls *calls);

#endif
