#include "store/appending.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 2048, NAME_HASH = 16 /* bytes of it that are kept */ };

static void on_reply(void *context, const struct reply *reply, const struct diag *fault)
{
    static const char *const words[] = {"taken", "duplicate", "conflict"};
    const struct appending_call *call = context;
    struct diag diag = {0};
    if (reply && failpoint("append-lost")) {
        diag_error(&diag, "the answer was lost by a fail-point");
        call->callback(call->context, APPENDING_UNAVAILABLE, NULL, &diag);
        return;
    }
    size_t state = reply ? reply_word(reply_item(reply, 0), words, APPENDING_UNAVAILABLE)
                         : APPENDING_UNAVAILABLE;
    if (state < APPENDING_UNAVAILABLE) {
        call->callback(call->context, (enum appending_state)state, reply, NULL);
        return;
    }
    if (reply) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    call->callback(call->context, APPENDING_UNAVAILABLE, NULL, fault);
}

static void release(void *context)
{
    struct appending_call *call = context;
    call->release(call->context);
    free(call);
}

static void put_name(struct arguments *arguments, struct slice name)
{
    unsigned char digest[DIGEST_SIZE];
    char *hex = arena_alloc(arguments->arena, 2 * NAME_HASH + 1);
    digest_sha256(name.text, name.length, digest);
    digest_hex(digest, NAME_HASH, hex);
    arguments_text(arguments, hex);
}

void appending_run(struct scripts *scripts, const struct appending *appending,
                   const struct appending_call *call)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments =
        arguments_begin(arena, 3 + appending->name_count + appending->count);
    arguments_number(&arguments, appending->keep_ms);
    arguments_bytes(&arguments, appending->digest.text, appending->digest.length);
    arguments_number(&arguments, (int64_t)appending->name_count);
    for (size_t i = 0; i < appending->name_count; i++)
        put_name(&arguments, appending->names[i]);
    for (size_t i = 0; i < appending->count; i++)
        arguments_bytes(&arguments, appending->events[i].text, appending->events[i].length);
    struct appending_call *kept = mem_alloc(sizeof *kept);
    *kept = *call;
    struct connection_request request = arguments_request(&arguments, call->owner, on_reply, kept);
    request.release = release;
    failpoint("append");
    scripts_run(scripts, SCRIPT_APPEND, &request);
    arena_destroy(&arena);
}
