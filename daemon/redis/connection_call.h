/*
 * Calls under way on a connection: in a list in the order of their answers, and in another
 * one of their owner's, through which they are silenced.
 */
#ifndef NUDGED_REDIS_CONNECTION_CALL_H
#define NUDGED_REDIS_CONNECTION_CALL_H

#include <stdint.h>

#include "redis/connection_request.h"

struct server_link_holder;

struct connection_call {
    struct connection_call *next; /* in its connection_calls */
    struct server_link_holder
        *holder; /* over whose link it goes; NULL: the link's own, or nobody's */
    struct connection_owner *owner;
    struct connection_call *before, *after; /* the owner's list */
    int64_t deadline;                       /* clock_monotonic_ms */
    int64_t begun_us;                       /* clock_monotonic_us: when it was made */
    connection_callback *callback;          /* NULL: silent */
    void *context;
    void (*release)(void *context);
    const char *fault; /* refused: the code, "redis-lost" or "redis-full" */
};

struct connection_calls {
    struct connection_call *first, *last;
};

/* A call in its owner's list and in no other. */
struct connection_call *connection_call_new(const struct connection_request *request);
/* Out of its owner's list, its context released. */
void connection_call_free(struct connection_call *call);
/* Out of its owner's list, its context released, but still in its place: its answer is awaited
 * and nobody hears it. */
void connection_call_silence(struct connection_call *call);

void connection_call_append(struct connection_calls *calls, struct connection_call *call);
/* The first, taken off; or NULL. */
struct connection_call *connection_call_shift(struct connection_calls *calls);
/* All of `from` behind those of `to`. */
void connection_calls_move(struct connection_calls *to, struct connection_calls *from);
/* In the place of a call that is taken away: it awaits the answer, and nobody hears it. */
struct connection_call *connection_call_stand_in(const struct connection_call *call);
/* Frees all, unanswered. */
void connection_call_drop_all(struct connection_calls *calls);

/* Calls back, unless it is silent, and frees. The call has left its owner by then: what the
 * callback silences is no longer this one. */
void connection_call_answer(struct connection_call *call, const struct reply *reply,
                            const struct diag *fault);

#endif
