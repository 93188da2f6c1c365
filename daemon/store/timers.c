#include "store/timers.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 4096 };

struct timers {
    struct scripts *scripts;
    const struct instance *instance;
    struct connection_owner owner;
    int64_t settle_ms;
    char *inbox; /* "": none */
    struct arena *asking, *answering;
};

struct timers_call {
    struct timers *timers;
    timers_callback *callback;
    void *context;
};

struct timers *timers_new(const struct timers_options *options)
{
    struct timers *timers = mem_zero(1, sizeof *timers);
    timers->scripts = options->scripts;
    timers->instance = options->instance;
    timers->settle_ms = options->settle_ms;
    timers->asking = arena_new(FIRST_CHUNK);
    timers->answering = arena_new(FIRST_CHUNK);
    timers->inbox = mem_text(options->inbox);
    return timers;
}

void timers_destroy(struct timers **timers)
{
    struct timers *ended = *timers;
    if (!ended)
        return;
    *timers = NULL;
    connection_silence(&ended->owner);
    arena_destroy(&ended->asking);
    arena_destroy(&ended->answering);
    free(ended->inbox);
    free(ended);
}

/* When to ask again, then customer and deadline by turns. */
static bool read_taken(const struct reply *reply, struct arena *arena, struct timers_taken *taken)
{
    if (!reply_number(reply_item(reply, 0), &taken->next_ms))
        return false;
    size_t count = (reply->count - 1) / 2;
    struct timers_customer *customers = arena_alloc(arena, (count + 1) * sizeof *customers);
    for (size_t i = 0; i < count; i++) {
        customers[i].key = reply_text(reply_item(reply, 1 + 2 * i));
        if (!customers[i].key ||
            !reply_number(reply_item(reply, 2 + 2 * i), &customers[i].deadline_ms))
            return false;
    }
    taken->customers = customers;
    taken->count = count;
    return true;
}

static void on_taken(void *context, const struct reply *reply, const struct diag *fault)
{
    struct timers_call *call = context;
    struct timers_taken taken = {.fault = fault};
    struct diag diag;
    arena_reset(call->timers->answering);
    if (reply && !read_taken(reply, call->timers->answering, &taken)) {
        reply_fault(reply, &diag);
        taken = (struct timers_taken){.fault = &diag};
    }
    if (taken.count)
        (void)failpoint("timers-taken");
    call->callback(call->context, &taken);
}

void timers_take(struct timers *timers, size_t most, timers_callback *callback, void *context)
{
    struct timers_call *call = mem_alloc(sizeof *call);
    *call = (struct timers_call){.timers = timers, .callback = callback, .context = context};
    arena_reset(timers->asking);
    struct arguments arguments = arguments_begin(timers->asking, 8);
    arguments_text(&arguments, instance_consumer(timers->instance));
    arguments_text(&arguments, timers->inbox);
    arguments_number(&arguments, (int64_t)most);
    arguments_number(&arguments, timers->settle_ms);
    arguments_number(&arguments, TIMERS_LEASE_MS);
    arguments_number(&arguments, TIMERS_POLL_MS);
    struct connection_request request =
        arguments_request(&arguments, &timers->owner, on_taken, call);
    request.release = free;
    scripts_run(timers->scripts, SCRIPT_TAKE_DUE, &request);
}
