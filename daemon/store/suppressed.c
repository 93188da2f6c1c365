#include "store/suppressed.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/keys.h"
#include "store/script_table.h"

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

/* Its answer is heard where there is a copy of the call. */
static struct connection_request request_of(const struct suppressed_call *call,
                                            const struct arguments *arguments, bool heard)
{
    struct suppressed_call *copy = heard ? mem_alloc(sizeof *copy) : NULL;
    if (copy)
        *copy = *call;
    struct connection_request request =
        arguments_request(arguments, call->owner, copy ? on_answer : NULL, copy);
    request.release = copy ? free : NULL;
    return request;
}

void suppressed_lift(const struct suppressed_call *call, const char *const *hashes, size_t count,
                     const char *reason)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = arguments_begin(arena, count + 1);
    arguments_text(&arguments, reason);
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, hashes[i]);
    const struct connection_request request = request_of(call, &arguments, true);
    scripts_run(call->scripts, SCRIPT_LIFT, &request);
    arena_destroy(&arena);
}

/* A command for each: they are carried out in order, so the last one's answer is for all. */
void suppressed_add(const struct suppressed_call *call, const char *const *hashes, size_t count,
                    const char *reason, int64_t at_ms)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    const char *key = keys_spell(arena, scripts_prefix(call->scripts), KEY_SUPPRESSED, NULL);
    const char *value =
        arena_printf(arena, "{\"reason\":\"%s\",\"at\":%" PRId64 "}", reason, at_ms);
    for (size_t i = 0; i < count; i++) {
        const char *const words[] = {"HSETNX", key, hashes[i], value};
        struct arguments arguments = arguments_begin(arena, 4);
        for (size_t word = 0; word < 4; word++)
            arguments_text(&arguments, words[word]);
        const struct connection_request request = request_of(call, &arguments, i + 1 == count);
        connection_send(scripts_connection(call->scripts), &request);
    }
    arena_destroy(&arena);
}
