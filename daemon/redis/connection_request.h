/* A command for a connection, and who hears the answer. */
#ifndef NUDGED_REDIS_CONNECTION_REQUEST_H
#define NUDGED_REDIS_CONNECTION_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/slice.h"
#include "redis/reply.h"

/* `reply` is NULL when the command failed for want of a connection, and `fault` then
 * says why (code "redis-lost", "redis-timeout", "redis-full"). An error that Redis
 * answers is a reply. Both are gone when the callback returns. */
typedef void connection_callback(void *context, const struct reply *reply,
                                 const struct diag *fault);

/* The calls of one owner, so that they can be silenced together. All zero at first; must
 * stay where it is while calls are under way. */
struct connection_owner {
    struct connection_call *first;
};

struct connection_request {
    struct slice command; /* as redis/resp prints it, instead of arguments; text NULL: none */
    size_t argc;
    const char *const *argv;
    const size_t *lengths;          /* NULL: all are C strings */
    int64_t deadline_ms;            /* from now; 0: 5,000 */
    struct connection_owner *owner; /* may be NULL */
    connection_callback *callback;  /* NULL: the reply is of no interest */
    void *context;
    void (*release)(void *context); /* frees `context` after the callback, or when it was
                                       silenced; NULL: nothing to free */
};

#endif
