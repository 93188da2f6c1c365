#include "ctl/context.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/embedded.h"

enum { CONNECT_MS = 5000, ASK_MS = 60000 };

int context_fail(const struct diag *diag)
{
    if (diag->file[0]) {
        diag_print(diag, stderr);
        return EXIT_FAILURE;
    }
    fprintf(stderr, "nudgectl: %s\n", diag->text);
    if (diag->hint[0])
        fprintf(stderr, "hint: %s\n", diag->hint);
    return EXIT_FAILURE;
}

struct config *context_config(struct context *context)
{
    struct diags diags = {0};
    if (context->config)
        return context->config;
    if (!context->config_file && access(NUDGED_CONFIG, F_OK) == 0)
        context->config_file = NUDGED_CONFIG;
    context->config = config_load(context->config_file, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    return context->config;
}

const char *context_key(struct context *context, const char *name)
{
    return arena_printf(context->config->arena, "%s:%s", context->config->keys.redis.prefix, name);
}

struct session *context_session(struct context *context)
{
    struct diag diag = {0};
    struct endpoint endpoint;
    char private[256];
    struct config *config = context_config(context);
    if (!config)
        return NULL;
    const char *url = config->keys.redis.url;
    if (!url && embedded_find(config->keys.state, private, sizeof private))
        url = private;
    struct session *session = NULL;
    if (!url)
        diag_error(&diag, "the state folder's path is too long for a socket");
    else if (endpoint_parse(config->arena, url, &endpoint, &diag))
        session = session_open(&endpoint, config->keys.redis.ca_file, CONNECT_MS, &diag);
    if (!session) {
        if (!config->keys.redis.url && !diag.hint[0])
            diag_hint(&diag, "is nudged running? its private Redis lies in %s", config->keys.state);
        context_fail(&diag);
    }
    return session;
}

int context_ask(struct context *context, const char *method, const char *target)
{
    struct diag diag = {0};
    struct admin_answer answer;
    const struct config *config = context_config(context);
    if (!config)
        return EXIT_FAILURE;
    const struct admin_question question = {.socket = config->keys.admin_socket,
                                            .method = method,
                                            .target = target,
                                            .timeout_ms = ASK_MS};
    if (!admin_client_ask(&question, &answer, &diag))
        return context_fail(&diag);
    bool good = answer.status == 200;
    fputs(buf_string(&answer.body), good ? stdout : stderr);
    buf_free(&answer.body);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

void context_close(struct context *context)
{
    config_destroy(&context->config);
}
