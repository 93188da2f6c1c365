#include "redis/scripts.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "redis/resp.h"

enum {
    SHA_SIZE = 41,
    FIXED_ARGUMENTS = 5, /* EVALSHA sha 0 P, or EVALSHA sha 1 key P */
    MOST_TRIES = 3,
    ASKING_CHUNK = 4096,
};

struct scripts {
    struct connection *connection;
    char *prefix;
    const char *const *sources;
    char (*names)[SHA_SIZE]; /* the SHA1 of each */
    scripts_on_error *on_error;
    void *context;        /* of on_error */
    struct arena *asking; /* of the call being put together */
};

/* A call under way, with the command as it is sent, for the case that Redis does not know the
 * script. One block of memory; it is freed when the last command that uses it was. */
struct script_call {
    struct scripts *scripts;
    const char *source;
    int users; /* commands in flight whose context this is */
    int tries;
    struct connection_request request; /* the caller's */
    struct slice command;
};

struct scripts *scripts_new(struct connection *connection, const char *prefix,
                            const char *const *sources, size_t count)
{
    struct scripts *scripts = mem_zero(1, sizeof *scripts);
    scripts->connection = connection;
    scripts->prefix = mem_text(prefix);
    scripts->sources = sources;
    scripts->asking = arena_new(ASKING_CHUNK);
    scripts->names = mem_zero(count, sizeof *scripts->names);
    for (size_t i = 0; i < count; i++)
        digest_sha1_hex(sources[i], strlen(sources[i]), scripts->names[i]);
    return scripts;
}

void scripts_destroy(struct scripts **scripts)
{
    if (!*scripts)
        return;
    free((*scripts)->prefix);
    free((*scripts)->names);
    arena_destroy(&(*scripts)->asking);
    free(*scripts);
    *scripts = NULL;
}

const char *scripts_prefix(const struct scripts *scripts)
{
    return scripts->prefix;
}

struct connection *scripts_connection(const struct scripts *scripts)
{
    return scripts->connection;
}

void scripts_listen(struct scripts *scripts, scripts_on_error *on_error, void *context)
{
    scripts->on_error = on_error;
    scripts->context = context;
}

void scripts_tell(const struct scripts *scripts, const char *error)
{
    if (scripts->on_error)
        scripts->on_error(scripts->context, error);
}

static void release_call(void *context)
{
    struct script_call *call = context;
    if (--call->users > 0)
        return;
    if (call->request.release)
        call->request.release(call->request.context);
    free(call);
}

static void send_call(struct script_call *call);

static void on_reply(void *context, const struct reply *reply, const struct diag *fault)
{
    struct script_call *call = context;
    if (reply && reply_is_error(reply, "NOSCRIPT") && ++call->tries < MOST_TRIES) {
        connection_command(call->scripts->connection, NULL, NULL, NULL, "SCRIPT", "LOAD",
                           call->source, NULL);
        send_call(call);
        return;
    }
    if (reply && reply->kind == REPLY_ERROR)
        scripts_tell(call->scripts, reply->text);
    if (call->request.callback)
        call->request.callback(call->request.context, reply, fault);
}

static void send_call(struct script_call *call)
{
    call->users++;
    connection_send(call->scripts->connection, &(struct connection_request){
                                                   .command = call->command,
                                                   .deadline_ms = call->request.deadline_ms,
                                                   .owner = call->request.owner,
                                                   .callback = on_reply,
                                                   .context = call,
                                                   .release = release_call,
                                               });
}

/* All arguments of a call, in memory of the caller's; returns how many. */
static size_t gather(const struct scripts *scripts, size_t script,
                     const struct connection_request *request, const char **argv, size_t *lengths)
{
    const char *key = connection_key(scripts->connection);
    size_t argc = 0;
    argv[argc++] = "EVALSHA";
    argv[argc++] = scripts->names[script];
    argv[argc++] = key ? "1" : "0";
    if (key)
        argv[argc++] = key;
    argv[argc++] = scripts->prefix;
    for (size_t i = 0; i < argc; i++)
        lengths[i] = strlen(argv[i]);
    for (size_t i = 0; i < request->argc; i++, argc++) {
        argv[argc] = request->argv[i];
        lengths[argc] = request->lengths ? request->lengths[i] : strlen(request->argv[i]);
    }
    return argc;
}

void scripts_run(struct scripts *scripts, size_t script, const struct connection_request *request)
{
    size_t most = FIXED_ARGUMENTS + request->argc;
    arena_reset(scripts->asking);
    const char **argv = arena_alloc(scripts->asking, most * sizeof *argv);
    size_t *lengths = arena_alloc(scripts->asking, most * sizeof *lengths);
    size_t argc = gather(scripts, script, request, argv, lengths);
    size_t size = resp_size(argc, argv, lengths);
    struct script_call *call = mem_alloc(sizeof *call + size);
    char *command = (char *)(call + 1);
    resp_print(command, argc, argv, lengths);
    *call = (struct script_call){.scripts = scripts,
                                 .source = scripts->sources[script],
                                 .request = *request,
                                 .command = {.text = command, .length = size}};
    send_call(call);
}
