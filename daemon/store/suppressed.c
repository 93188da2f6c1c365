#include "store/suppressed.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/keys.h"

enum { FIRST_CHUNK = 1024 };

static void on_answer(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct suppressed_call *call = context;
    struct diag diag;
    int64_t changed;
    if (reply && !reply_number(reply, &changed)) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    call->callback(call->context, fault);
}

/* A command on P:suppressed. Its answer is heard where there is a `call`. */
static void send_command(const struct suppressed_call *call, struct arguments *arguments,
                         bool heard)
{
    struct suppressed_call *copy = heard ? mem_alloc(sizeof *copy) : NULL;
    if (copy)
        *copy = *call;
    struct connection_request request =
        arguments_request(arguments, call->owner, copy ? on_answer : NULL, copy);
    request.release = copy ? free : NULL;
    connection_send(scripts_connection(call->scripts), &request);
}

static struct arguments begin(struct arena *arena, const struct suppressed_call *call,
                              const char *command, size_t capacity)
{
    struct arguments arguments = arguments_begin(arena, capacity + 2);
    arguments_text(&arguments, command);
    arguments_text(&arguments,
                   keys_spell(arena, scripts_prefix(call->scripts), KEY_SUPPRESSED, NULL));
    return arguments;
}

void suppressed_lift(const struct suppressed_call *call, const char *const *hashes, size_t count)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = begin(arena, call, "HDEL", count);
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, hashes[i]);
    send_command(call, &arguments, true);
    arena_destroy(&arena);
}

/* A command for each: they are carried out in order, so the last one's answer is for all. */
void suppressed_add(const struct suppressed_call *call, const char *const *hashes, size_t count,
                    const char *reason, int64_t at_ms)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    for (size_t i = 0; i < count; i++) {
        struct arguments arguments = begin(arena, call, "HSETNX", 2);
        arguments_text(&arguments, hashes[i]);
        arguments_text(&arguments, arena_printf(arena, "{\"reason\":\"%s\",\"at\":%" PRId64 "}",
                                                reason, at_ms));
        send_command(call, &arguments, i + 1 == count);
    }
    arena_destroy(&arena);
}
