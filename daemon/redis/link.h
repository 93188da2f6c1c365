/*
 * A link to one Redis: the socket, its greeting, and the calls in flight on it, which are answered
 * in their order. A lost link is made again by itself, after 50 ms to 5 s with full jitter, for
 * ever.
 *
 * Who sends over it holds it: a connection that has it to itself, or all connections to the slots
 * of one master. A call whose deadline passes drops the link, for the stream of replies can no
 * longer be trusted; so one slow call of one holder fails the calls of all.
 */
#ifndef NUDGED_REDIS_LINK_H
#define NUDGED_REDIS_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "redis/connection_call.h"
#include "redis/endpoint.h"

struct link;
struct event_base;

enum link_state {
    LINK_WAITING,    /* for the next try (also before the first) */
    LINK_CONNECTING, /* name, socket, TLS */
    LINK_GREETING,   /* AUTH, SELECT, PING until it is no longer LOADING */
    LINK_READY,      /* calls are taken */
};

/* Stays where it is while it is attached. */
struct link_holder {
    /* Ready; or not, and why: it was lost, or one more try failed. The calls that were in flight
     * are answered after that. */
    void (*on_state)(void *context, bool ready, const char *reason);
    /* An error that answers one of its calls. True: the call is the holder's now, who answers it;
     * false: it is answered with the error. NULL: always that. */
    bool (*on_error)(void *context, struct connection_call *call, const struct reply *reply);
    void *context;
    /* The link's. */
    struct link_holder *next;
    unsigned told; /* of which news it has heard */
};

struct link_options {
    struct event_base *base;
    struct endpoint endpoint; /* copied, with its texts */
    const char *name;         /* as in connection_options, like the next two */
    size_t output_most;
    size_t reply_most;
    void (*on_message)(void *context, const struct reply *reply); /* likewise, with its context */
    void *context;
};

/* Starts to connect; never fails by itself. */
struct link *link_new(const struct link_options *options);
/* With all calls, unanswered; also from within a callback. */
void link_destroy(struct link **link);

/* The holder hears of what changes from then on. */
void link_attach(struct link *link, struct link_holder *holder);
/* Nothing is heard any more, and nobody hears the answers of its calls, which are released. */
void link_detach(struct link *link, struct link_holder *holder);

/* As where it was lost: it is made again. */
void link_drop(struct link *link, const char *reason);

enum link_state link_state(const struct link *link);

/* Sends on a link that is ready; the call, whose holder is set, is the link's then. False where the
 * output is full. */
bool link_send(struct link *link, const struct connection_request *request,
               struct connection_call *call);

/* Takes the holder's calls out of the flight, to the end of `calls`; nobody hears their answers. */
void link_recall(struct link *link, const struct link_holder *holder,
                 struct connection_calls *calls);

#endif
