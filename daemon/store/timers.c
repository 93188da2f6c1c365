#include "store/timers.h"

#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "store/script_table.h"
#include "store/taker.h"

enum { FIRST_CHUNK = 4096 };

struct timers {
    struct taker taker;
};

struct timers_call {
    struct timers *timers;
    timers_callback *callback;
    void *context;
};

struct timers *timers_new(const struct timers_options *options)
{
    struct timers *timers = mem_zero(1, sizeof *timers);
    taker_open(&timers->taker, options->scripts, options->instance, options->settle_ms,
               options->inbox, FIRST_CHUNK);
    return timers;
}

void timers_destroy(struct timers **timers)
{
    struct timers *ended = *timers;
    if (!ended)
        return;
    *timers = NULL;
    taker_close(&ended->taker);
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
    arena_reset(call->timers->taker.answering);
    if (reply && !read_taken(reply, call->timers->taker.answering, &taken)) {
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
    struct taker *taker = &timers->taker;
    struct arguments arguments = taker_begin(taker, 8);
    arguments_text(&arguments, instance_consumer(taker->instance));
    arguments_text(&arguments, taker->inbox);
    arguments_number(&arguments, (int64_t)most);
    arguments_number(&arguments, taker->settle_ms);
    arguments_number(&arguments, TIMERS_LEASE_MS);
    arguments_number(&arguments, TIMERS_POLL_MS);
    taker_run(taker, SCRIPT_TAKE_DUE, &arguments, on_taken, call, free);
}
