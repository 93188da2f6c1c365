/*
 * Two scripts at once, whose answers are gathered: claim_outbox.lua takes over what dead daemons
 * had in hand, requeue.lua moves retries that are due back into the outbox, and ends what nobody
 * can have.
 */
#include "store/outbox_sweep.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/outbox_call.h"

enum { SWEEP_MOST = 500, SWEEP_POLL_MS = 3000 };

struct sweep_call {
    int waiting; /* answers that have not come */
    int users;   /* calls whose context this is */
    struct outbox_swept swept;
    struct outbox *outbox;
    struct diag fault;
    outbox_on_swept *callback;
    void *context;
};

static void release_sweep(void *context)
{
    struct sweep_call *call = context;
    if (--call->users == 0)
        free(call);
}

static void note_fault(struct sweep_call *call, const struct reply *reply, const struct diag *fault)
{
    if (reply)
        reply_fault(reply, &call->fault);
    else
        call->fault = *fault;
    call->swept = (struct outbox_swept){.fault = &call->fault};
}

static void end_sweep_part(struct sweep_call *call)
{
    if (--call->waiting == 0)
        call->callback(call->context, &call->swept);
}

static void on_claimed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct sweep_call *call = context;
    int64_t resent, uncertain, more;
    if (reply && reply_number(reply_item(reply, 0), &resent) &&
        reply_number(reply_item(reply, 1), &uncertain) &&
        reply_number(reply_item(reply, 2), &more)) {
        call->swept.resent = (size_t)resent;
        call->swept.uncertain = (size_t)uncertain;
        call->swept.buried += outbox_hear_buried(call->outbox, reply_item(reply, 3));
        if (more)
            call->swept.next_ms = 0;
    } else {
        note_fault(call, reply, fault);
    }
    end_sweep_part(call);
}

static void on_requeued(void *context, const struct reply *reply, const struct diag *fault)
{
    struct sweep_call *call = context;
    int64_t moved, next;
    if (reply && reply_number(reply_item(reply, 0), &moved) &&
        reply_number(reply_item(reply, 1), &next)) {
        call->swept.requeued = (size_t)moved;
        call->swept.buried += outbox_hear_buried(call->outbox, reply_item(reply, 2));
        if (next < call->swept.next_ms)
            call->swept.next_ms = next;
    } else {
        note_fault(call, reply, fault);
    }
    end_sweep_part(call);
}

void outbox_sweep(struct outbox *outbox, bool tells_uncertain, outbox_on_swept *callback,
                  void *context)
{
    struct sweep_call *call = mem_zero(1, sizeof *call);
    call->waiting = call->users = 2;
    call->swept.next_ms = SWEEP_POLL_MS;
    call->outbox = outbox;
    call->callback = callback;
    call->context = context;

    struct arguments arguments = outbox_begin(outbox, 5 + outbox->channel_count);
    arguments_number(&arguments, SWEEP_MOST);
    arguments_number(&arguments, outbox->trace_keep_ms);
    arguments_text(&arguments, tells_uncertain ? "1" : "");
    for (size_t i = 0; i < outbox->channel_count; i++)
        arguments_text(&arguments, outbox->channels[i]);
    outbox_run(outbox, SCRIPT_CLAIM_OUTBOX, &arguments, on_claimed, call, release_sweep);

    arguments = arguments_begin(outbox->asking, 7 + outbox->channel_count + outbox->gateway_count);
    arguments_text(&arguments, instance_consumer(outbox->instance));
    arguments_number(&arguments, SWEEP_MOST);
    arguments_number(&arguments, SWEEP_POLL_MS);
    arguments_number(&arguments, outbox->dead_keep_ms);
    arguments_number(&arguments, outbox->trace_keep_ms);
    arguments_texts(&arguments, outbox->channels, outbox->channel_count);
    for (size_t i = 0; i < outbox->gateway_count; i++)
        arguments_text(&arguments, outbox->gateways[i]);
    outbox_run(outbox, SCRIPT_REQUEUE, &arguments, on_requeued, call, release_sweep);
}
