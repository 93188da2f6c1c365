#include "store/reserving.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/remembered.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 1024 };

/* Another one than that by which a shard remembers what it was given of the request. */
static const char *hash_of(struct arena *arena, struct slice name)
{
    const char *whole = arena_printf(arena, "reserved %s", remembered_hash(arena, name));
    return remembered_hash(arena, slice_of(whole));
}

struct scripts *reserving_scripts(const struct routes *routes, struct slice name)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    size_t shard = placement_of_name(&routes->placement, hash_of(arena, name));
    arena_destroy(&arena);
    return routes_scripts(routes, shard);
}

static void on_reply(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct reserving_call *call = context;
    struct diag diag = {0};
    if (reply && failpoint("reserve-lost")) {
        diag_error(&diag, "the answer was lost by a fail-point");
        fault = &diag;
    } else if (reply && reply->kind != REPLY_INTEGER) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    call->callback(call->context, fault ? 0 : reply->integer, fault);
}

static void release(void *context)
{
    struct reserving_call *call = context;
    call->release(call->context);
    free(call);
}

void reserving_run(struct scripts *scripts, const struct reserving *reserving,
                   const struct reserving_call *call)
{
    struct reserving_call *kept = mem_alloc(sizeof *kept);
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = arguments_begin(arena, 3);
    *kept = *call;
    arguments_text(&arguments, hash_of(arena, reserving->name));
    arguments_bytes(&arguments, reserving->digest.text, reserving->digest.length);
    arguments_number(&arguments, reserving->keep_ms);
    struct connection_request request = arguments_request(&arguments, kept->owner, on_reply, kept);
    request.release = release;
    scripts_run(scripts, SCRIPT_RESERVE, &request);
    arena_destroy(&arena);
}
