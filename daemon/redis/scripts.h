/*
 * The Lua scripts, by their SHA1. A server that lost them (SCRIPT FLUSH, a restart, a
 * failover) is given them again without the caller's noticing.
 *
 * Every script gets the prefix P as ARGV[1] and builds all keys from it: nothing outside
 * P is touched. docs/redis.md has their contracts.
 */
#ifndef NUDGED_REDIS_SCRIPTS_H
#define NUDGED_REDIS_SCRIPTS_H

#include <stddef.h>
#include <stdint.h>

#include "redis/connection.h"

/* X(NAME, variable): the source is `const char script_<variable>[]`, made from
 * <variable>.lua by embed-lua.sh. */
#define SCRIPTS(X)                \
    X(COMMIT, commit)             \
    X(MOVE, move)                 \
    X(CLAIM, claim)               \
    X(TAKE_DUE, take_due)         \
    X(REQUEUE, requeue)           \
    X(TAKE, take)                 \
    X(RECOVER, recover)           \
    X(SETTLE, settle)             \
    X(CLAIM_OUTBOX, claim_outbox) \
    X(GROUPS, groups)             \
    X(ENTER, enter)               \
    X(RENEW, renew)

enum script {
#define SCRIPT_ENUM(name, variable) SCRIPT_##name,
    SCRIPTS(SCRIPT_ENUM)
#undef SCRIPT_ENUM
        SCRIPT_COUNT
};

struct scripts;

/* `prefix` is copied; the connection must outlive the scripts. */
struct scripts *scripts_new(struct connection *connection, const char *prefix);
void scripts_destroy(struct scripts **scripts);

const char *scripts_prefix(const struct scripts *scripts);
struct connection *scripts_connection(const struct scripts *scripts);

/* Runs a script with ARGV = P, then request->argv. All else is as in connection_send. */
void scripts_run(struct scripts *scripts, enum script script,
                 const struct connection_request *request);

#endif
