/*
 * What subcommands share: the configuration, read at the first need, and the way to
 * Redis and to the daemon that it tells of.
 */
#ifndef NUDGED_CTL_CONTEXT_H
#define NUDGED_CTL_CONTEXT_H

#include <stdbool.h>

#include "base/diag.h"
#include "config/config.h"
#include "redis/session.h"
#include "serve/admin_client.h"

struct context {
    const char *config_file;   /* of --config; NULL: the default file where there is one */
    struct config *config;     /* NULL before context_config */
    bool of_cluster;           /* what follows is */
    struct session **sessions; /* of each place that one was needed for (ctl/context.c); or NULL */
    /* Why a command ends with 1 that could not begin: EX_CONFIG, EX_UNAVAILABLE; else 0. */
    int trouble;
    /* Where a command is run only for its table of options (command_own_options), who gets it. */
    struct command_listing *listing;
};

/* The configuration; NULL where it is broken. Faults and warnings are added to `diags`. */
struct config *context_read(struct context *context, struct diags *diags);
/* Likewise; the faults are printed (context_print_errors). */
struct config *context_config(struct context *context);

/* Prints the errors to standard error, and frees all; warnings are left to `check` and the
 * daemon. */
void context_print_errors(struct diags *diags);

/* Where all keys have their defaults because no configuration was found: says where it was
 * looked for. For what failed and may have failed by that. */
void context_tell_defaults(const struct context *context);

/* What stands in no shard: P:events, to which a shop may push as if there were one. */
#define CONTEXT_UNSHARDED SIZE_MAX

/* A session with the Redis of a shard: that of the configuration, or the daemon's private one, the
 * same for all shards; of a Redis Cluster who serves its slot. NULL where there is none: the fault
 * was printed. It is the context's, opened at the first need. */
struct session *context_session_of(struct context *context, size_t shard);

/* The same without a word, and within so many ms; NULL with `diag`. The configuration was read. */
struct session *context_try_session_of(struct context *context, size_t shard, int64_t timeout_ms,
                                       struct diag *diag);

/* Whether Redis is a cluster. The configuration was read. */
bool context_is_cluster(const struct context *context);
/* As context_try_session_of; but of a cluster it is one that may not be ready yet: session_await.
 * NULL with `diag` where a single Redis cannot be reached. */
struct session *context_begin_session_of(struct context *context, size_t shard, int64_t timeout_ms,
                                         struct diag *diag);

/* Those that are open end; the next need opens others. */
void context_end_sessions(struct context *context);

/* Asks the daemon; its answer, to be freed, where it is 200. Else the fault was printed. */
bool context_answer(struct context *context, const char *method, const char *target,
                    struct buf *answer);
/* The same without a word: true where there was an answer, of any status. */
bool context_try_answer(struct context *context, const char *method, const char *target,
                        int64_t timeout_ms, struct admin_answer *answer, struct diag *diag);
/* Asks the daemon; prints the body of its answer, or, where `done` is not NULL, the JSON object
 * {"<done>":true,"answer":…}. The exit status of the command. */
int context_ask(struct context *context, const char *method, const char *target, const char *done);

/* What a command cannot do without is not there: says so. */
void context_tell_unavailable(struct context *context, const struct diag *diag);

void context_close(struct context *context);

/* Prints a fault: at its place in a file, else "nudgectl: …" with its hint. Returns the exit
 * status: EX_UNAVAILABLE where Redis has gone, EX_NOINPUT and EX_DATAERR for what ctl/input could
 * not read, else 1. */
int context_fail(const struct diag *diag);
/* Whether it is that Redis has gone. */
bool context_lost(const struct diag *diag);

#endif
