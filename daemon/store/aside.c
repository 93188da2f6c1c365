#include "store/aside.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/script_table.h"

struct aside_call {
    aside_on_put *callback;
    void *context;
};

static void on_put(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct aside_call *call = context;
    struct diag diag = {0};
    if (reply && reply->kind != REPLY_INTEGER) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    call->callback(call->context, fault);
}

void aside_put(struct scripts *scripts, const struct instance *instance,
               struct connection_owner *owner, const char *const *ids, size_t count,
               aside_on_put *callback, void *context)
{
    struct aside_call *call = mem_alloc(sizeof *call);
    struct arena *arena = arena_new(1024);
    struct arguments arguments = arguments_begin(arena, 1 + count);
    *call = (struct aside_call){callback, context};
    arguments_text(&arguments, instance_consumer(instance));
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, ids[i]);
    struct connection_request request = arguments_request(&arguments, owner, on_put, call);
    request.release = free;
    scripts_run(scripts, SCRIPT_ASIDE, &request);
    arena_destroy(&arena);
}
