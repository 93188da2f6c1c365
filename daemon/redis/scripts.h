/*
 * Lua scripts, run by their SHA1. A server that lost them (SCRIPT FLUSH, a restart, a failover)
 * is given them again without the caller's noticing.
 *
 * Over a cluster a script declares the connection's key, the one that never exists. While the slot
 * is being moved, its master then answers ASK before the script begins, for a key that it lacks may
 * have been moved already (getNodeByQuery() in Redis' cluster.c, called by processCommand()). So no
 * script ever runs where some of the slot's keys are elsewhere, and takes what it does not find for
 * missing, or is broken off over it after its first writes. The node that they move to answers
 * MOVED until all of them are there, as nothing here ever says ASKING.
 *
 * Which scripts there are is the caller's to know: a table of their sources, of which each run
 * names a row. Every script gets the prefix P as ARGV[1], to build its keys from.
 */
#ifndef NUDGED_REDIS_SCRIPTS_H
#define NUDGED_REDIS_SCRIPTS_H

#include <stddef.h>

#include "redis/connection.h"

struct scripts;

/* `prefix` is copied; the connection and the sources must outlive the scripts. */
struct scripts *scripts_new(struct connection *connection, const char *prefix,
                            const char *const *sources, size_t count);
void scripts_destroy(struct scripts **scripts);

const char *scripts_prefix(const struct scripts *scripts);
struct connection *scripts_connection(const struct scripts *scripts);

/* Hears every error that a script answers, before its caller does. NULL: nobody does. */
typedef void scripts_on_error(void *context, const char *error);
void scripts_listen(struct scripts *scripts, scripts_on_error *on_error, void *context);
/* An error within an answer: heard likewise. */
void scripts_tell(const struct scripts *scripts, const char *error);

/* Runs the script of a row with ARGV = P, then request->argv. All else is as in
 * connection_send. */
void scripts_run(struct scripts *scripts, size_t script, const struct connection_request *request);

#endif
