/*
 * From the top: what a fault is to a script (context_fail); the configuration (context_config); the
 * sessions with Redis, one for each place where the shards are (place_of); the daemon at its admin
 * socket (context_answer). What could not be had is printed by the first of two functions of a
 * pair, and left in a diag by the one with `try`.
 */
#include "ctl/context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/config_place.h"
#include "config/config_redis.h"
#include "ctl/exit_codes.h"
#include "ctl/input.h"
#include "ctl/json_line.h"
#include "redis/embedded.h"
#include "store/keys.h"

enum { CONNECT_MS = 5000, ASK_MS = 60000 };

/* What faults of some codes are to scripts; of any other one: 1. */
static const struct {
    const char *code;
    int status;
} statuses[] = {
    {"redis-lost", EX_UNAVAILABLE},    {"redis-timeout", EX_UNAVAILABLE},
    {"redis-loading", EX_UNAVAILABLE}, {INPUT_UNREADABLE, EX_NOINPUT},
    {INPUT_WRONG, EX_DATAERR},         {"replicas-behind", EX_TEMPFAIL},
};

static int status_of(const struct diag *diag)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (strcmp(diag->code, statuses[i].code) == 0)
            return statuses[i].status;
    return EXIT_FAILURE;
}

bool context_lost(const struct diag *diag)
{
    return status_of(diag) == EX_UNAVAILABLE;
}

int context_fail(const struct diag *diag)
{
    if (diag->file[0]) {
        diag_print(diag, stderr);
        return status_of(diag);
    }
    fprintf(stderr, "nudgectl: %s\n", diag->text);
    if (diag->hint[0])
        fprintf(stderr, "hint: %s\n", diag->hint);
    return status_of(diag);
}

void context_print_errors(struct diags *diags)
{
    for (size_t i = 0; i < diags->count; i++)
        if (diags->items[i].level == DIAG_ERROR)
            diag_print(&diags->items[i], stderr);
    diags_free(diags);
}

struct config *context_read(struct context *context, struct diags *diags)
{
    if (context->config)
        return context->config;
    context->config_file = config_place(context->config_file, NUDGED_CONFIG, diags);
    context->config = config_load(context->config_file, diags);
    return context->config;
}

void context_tell_defaults(const struct context *context)
{
    struct diags diags = {0};
    if (!context->config_file && !config_place(NULL, NUDGED_CONFIG, &diags))
        fprintf(stderr, "nudgectl: %s\nhint: %s\n", diags.items[0].text, diags.items[0].hint);
    diags_free(&diags);
}

struct config *context_config(struct context *context)
{
    struct diags diags = {0};
    struct config *config = context_read(context, &diags);
    context_print_errors(&diags);
    if (!config)
        context->trouble = EX_CONFIG;
    return config;
}

static void hint_at_redis(const struct config *config, struct diag *diag)
{
    const char *hint = config_redis_hint(config, diag->text);
    if (hint)
        diag_hint(diag, "%s", hint);
    if (config->keys.redis.url)
        return;
    if (strstr(diag->text, strerror(EACCES)))
        diag_hint(diag, "the private Redis is for nudged's own user: ask as that, or as root");
    else if (!diag->hint[0])
        diag_hint(diag, "is nudged running? its private Redis lies in %s", config->keys.state);
}

/* Where a session is kept: of a single Redis there is one, of a cluster one of each shard, and one
 * of what is in none. */
static size_t place_of(const struct placement *placement, bool of_cluster, size_t shard)
{
    return !of_cluster ? 0 : shard == CONTEXT_UNSHARDED ? placement_count(placement) : shard;
}

/* A key of the slot, which is never there. */
static const char *key_of(const struct placement *placement, struct arena *arena, size_t shard)
{
    if (shard == CONTEXT_UNSHARDED)
        return arena_printf(arena, "{%s}:absent",
                            keys_spell(arena, placement->prefix, KEY_EVENTS, NULL));
    return keys_absent(arena, placement_prefix(placement, arena, shard));
}

/* One that is open, whose loop others share; NULL: none is. */
static struct session *any_session(const struct context *context, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (context->sessions[i])
            return context->sessions[i];
    return NULL;
}

static bool read_endpoint(const struct context *context, struct endpoint *endpoint,
                          struct diag *diag)
{
    char private[256];
    struct config *config = context->config;
    if (!config->keys.redis.url && !embedded_find(config->keys.state, private, sizeof private))
        return diag_error(diag, "the state folder's path is too long for a socket");
    config_redis_remember(config, false);
    return config_redis_endpoint(config, private, endpoint, diag);
}

typedef struct session *open_slot(const struct endpoint *endpoint, const char *key,
                                  struct session *beside, int64_t deadline_ms, struct diag *diag);

static struct session *open_session(const struct context *context,
                                    const struct placement *placement, size_t shard,
                                    open_slot *open, int64_t timeout_ms, struct diag *diag)
{
    struct endpoint endpoint;
    struct arena *arena = arena_new(512);
    struct session *session = NULL;
    size_t most = placement_count(placement) + 1;
    if (read_endpoint(context, &endpoint, diag))
        session = endpoint_is_cluster(&endpoint)
                      ? open(&endpoint, key_of(placement, arena, shard), any_session(context, most),
                             timeout_ms, diag)
                      : session_open(&endpoint, timeout_ms, diag);
    if (!session)
        hint_at_redis(context->config, diag);
    arena_destroy(&arena);
    return session;
}

bool context_is_cluster(const struct context *context)
{
    struct endpoint endpoint = {0};
    struct diag ignored;
    return read_endpoint(context, &endpoint, &ignored) && endpoint_is_cluster(&endpoint);
}

static struct session *session_of(struct context *context, size_t shard, open_slot *open,
                                  int64_t timeout_ms, struct diag *diag)
{
    const struct placement placement = config_placement(context->config);
    if (!context->sessions) {
        context->sessions = mem_zero(placement_count(&placement) + 1, sizeof *context->sessions);
        context->of_cluster = context_is_cluster(context);
    }
    size_t place = place_of(&placement, context->of_cluster, shard);
    if (!context->sessions[place])
        context->sessions[place] = open_session(context, &placement, shard, open, timeout_ms, diag);
    return context->sessions[place];
}

struct session *context_try_session_of(struct context *context, size_t shard, int64_t timeout_ms,
                                       struct diag *diag)
{
    return session_of(context, shard, session_open_slot, timeout_ms, diag);
}

static struct session *begin_slot(const struct endpoint *endpoint, const char *key,
                                  struct session *beside, int64_t deadline_ms, struct diag *diag)
{
    (void)deadline_ms;
    return session_begin_slot(endpoint, key, beside, diag);
}

struct session *context_begin_session_of(struct context *context, size_t shard, int64_t timeout_ms,
                                         struct diag *diag)
{
    return session_of(context, shard, begin_slot, timeout_ms, diag);
}

void context_end_sessions(struct context *context)
{
    if (!context->sessions)
        return;
    const struct placement placement = config_placement(context->config);
    for (size_t i = 0; i <= placement_count(&placement); i++)
        session_close(&context->sessions[i]);
    free(context->sessions);
    context->sessions = NULL;
}

void context_tell_unavailable(struct context *context, const struct diag *diag)
{
    context_fail(diag);
    context_tell_defaults(context);
    context->trouble = EX_UNAVAILABLE;
}

struct session *context_session_of(struct context *context, size_t shard)
{
    struct diag diag = {0};
    if (!context_config(context))
        return NULL;
    struct session *session = context_try_session_of(context, shard, CONNECT_MS, &diag);
    if (!session)
        context_tell_unavailable(context, &diag);
    return session;
}

bool context_try_answer(struct context *context, const char *method, const char *target,
                        int64_t timeout_ms, struct admin_answer *answer, struct diag *diag)
{
    const struct admin_question question = {.socket = context->config->keys.admin_socket,
                                            .method = method,
                                            .target = target,
                                            .timeout_ms = timeout_ms};
    return admin_client_ask(&question, answer, diag);
}

bool context_answer(struct context *context, const char *method, const char *target,
                    struct buf *answer)
{
    struct diag diag = {0};
    struct admin_answer got;
    if (!context_config(context))
        return false;
    if (!context_try_answer(context, method, target, ASK_MS, &got, &diag)) {
        context_tell_unavailable(context, &diag);
        return false;
    }
    if (got.status != 200) {
        fputs(buf_string(&got.body), stderr);
        buf_free(&got.body);
        return false;
    }
    *answer = got.body;
    return true;
}

int context_ask(struct context *context, const char *method, const char *target, const char *done)
{
    struct buf answer;
    if (!context_answer(context, method, target, &answer))
        return EXIT_FAILURE;
    if (done) {
        struct arena *arena = arena_new(1024);
        struct value row = value_new_map(arena, 2);
        value_set(arena, row, done, value_bool(true));
        value_set(arena, row, "answer", value_text(buf_string(&answer)));
        json_line_print(&row);
        arena_destroy(&arena);
    } else {
        fputs(buf_string(&answer), stdout);
    }
    buf_free(&answer);
    return EXIT_SUCCESS;
}

void context_close(struct context *context)
{
    context_end_sessions(context);
    config_destroy(&context->config);
}
