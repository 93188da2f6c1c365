#include "store/outbox_demand.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/outbox_call.h"

struct demand_call {
    bool by_domain;
    outbox_on_demand *callback;
    void *context;
};

static bool read_demand(const struct reply *reply, bool by_domain, struct arena *arena,
                        struct outbox_demand *demand)
{
    enum { HEAD = 5 };
    int64_t count, paused, fresh;
    if (!reply_number(reply_item(reply, 0), &demand->now_ms) ||
        !reply_number(reply_item(reply, 1), &demand->behind_ms) ||
        !reply_number(reply_item(reply, 2), &paused) ||
        !reply_number(reply_item(reply, 3), &count) ||
        !reply_number(reply_item(reply, 4), &fresh) ||
        (by_domain && !paused && reply->count != HEAD + (size_t)count))
        return false;
    demand->paused = paused != 0;
    demand->count = (size_t)count;
    demand->fresh = fresh != 0;
    const char **domains = by_domain ? arena_alloc(arena, reply->count * sizeof *domains) : NULL;
    for (size_t i = 0; by_domain && i < demand->count; i++)
        domains[i] = reply_item(reply, HEAD + i)->text;
    demand->domains = domains;
    return true;
}

static void on_demand(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct demand_call *call = context;
    struct outbox_demand demand = {.fault = fault};
    struct arena *arena = arena_new(512);
    struct diag diag;
    if (reply && !read_demand(reply, call->by_domain, arena, &demand)) {
        reply_fault(reply, &diag);
        demand = (struct outbox_demand){.fault = &diag};
    }
    call->callback(call->context, &demand);
    arena_destroy(&arena);
}

void outbox_ask_demand(struct outbox *outbox, const char *channel,
                       const struct outbox_gateway *gateway, size_t most,
                       outbox_on_demand *callback, void *context)
{
    struct demand_call *call = mem_alloc(sizeof *call);
    struct arguments arguments = outbox_begin(outbox, 9);
    *call = (struct demand_call){
        .by_domain = gateway->domain_count > 0, .callback = callback, .context = context};
    arguments_text(&arguments, channel);
    arguments_number(&arguments, (int64_t)most);
    arguments_number(&arguments, outbox->loads);
    arguments_text(&arguments, outbox->inbox);
    arguments_number(&arguments, gateway->own_only);
    arguments_text(&arguments, gateway->name);
    arguments_number(&arguments, call->by_domain);
    outbox_run(outbox, SCRIPT_DEMAND, &arguments, on_demand, call, free);
}
