/*
 * A synchronous client for nudgectl: its own event loop runs until the answer is here.
 * The connection is not made again when it is lost: then calls fail.
 */
#ifndef NUDGED_REDIS_SESSION_H
#define NUDGED_REDIS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/endpoint.h"
#include "redis/reply.h"

struct session;

/* NULL with `diag` where there is no connection within `deadline_ms`, or AUTH failed. Of a cluster
 * it is one with the first node of its address. */
struct session *session_open(const struct endpoint *endpoint, int64_t deadline_ms,
                             struct diag *diag);
/* Over a cluster, to who serves the slot of a key that never exists. While that is nobody, or not
 * as a whole, it is tried again until the deadline. `beside`: a session with the same cluster,
 * whose links and loop it shares; NULL: none. A command that meets a slot that has moved meanwhile
 * fails, and the session is over. */
struct session *session_open_slot(const struct endpoint *endpoint, const char *key,
                                  struct session *beside, int64_t deadline_ms, struct diag *diag);
/* The same, but it does not wait. NULL where there are no descriptors for it. */
struct session *session_begin_slot(const struct endpoint *endpoint, const char *key,
                                   struct session *beside, struct diag *diag);
/* Until it is ready. Where nobody serves its slot in time it is lost: each of its commands fails
 * for that reason. Those that were begun beside it come on meanwhile. */
void session_await(struct session *session, int64_t deadline_ms);
bool session_is_lost(const struct session *session);
/* Whether it is the connection that it was at first; false with why it was lost in `diag`. */
bool session_still(const struct session *session, struct diag *diag);
/* Whether the commands of both go over one link, so that their order is one. */
bool session_shares_link(const struct session *one, const struct session *other);
void session_close(struct session **session);
/* From now on a command may take so long, and not 30 s, before the connection counts as lost. */
void session_hurry(struct session *session, int64_t call_ms);
/* The key of its slot; NULL where it is one with a single Redis. */
const char *session_key(const struct session *session);

/* One command. The reply is good until the next call of the session; an error of Redis is
 * NULL too, with its words in `diag`. `lengths` may be NULL: C strings. */
const struct reply *session_call(struct session *session, size_t argc, const char *const *argv,
                                 const size_t *lengths, struct diag *diag);
/* The short form for C strings, ended by NULL. */
const struct reply *session_command(struct session *session, struct diag *diag, const char *command,
                                    ...) __attribute__((sentinel));

/* Many commands without waiting for each: `callback` comes from within session_drain, in
 * the order of the commands; `reply` NULL (with `fault`) or an error counts as failed. */
typedef void session_callback(void *context, const struct reply *reply, const struct diag *fault);

void session_push(struct session *session, size_t argc, const char *const *argv,
                  const size_t *lengths, session_callback *callback, void *context);
/* Runs the loop until at most `most` pushed commands have no answer. */
void session_drain(struct session *session, size_t most);

#endif
