/*
 * Two scripts at once, whose answers are gathered: claim_outbox.lua takes over what dead daemons
 * had in hand, or Redis has forgotten the end of, requeue.lua moves retries that are due back into
 * the outbox, and ends what nobody can have.
 */
#include "store/outbox_sweep.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/metrics.h"
#include "store/outbox_call.h"

enum { SWEEP_MOST = 500, SWEEP_POLL_MS = 3000 };

void outbox_note_loss(struct outbox *outbox)
{
    outbox->losses++;
    outbox->settled = outbox->takes;
}

int64_t outbox_losses(const struct outbox *outbox)
{
    return outbox->losses;
}

struct sweep_call {
    int waiting; /* answers that have not come */
    int users;   /* calls whose context this is */
    struct outbox_swept swept;
    struct outbox *outbox;
    int64_t settled; /* as was asked with */
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

/* {channel, gateway} of each; by which rule it went is not looked for. */
static size_t hear_sent(const struct reply *list)
{
    for (size_t i = 0; i + 1 < list->count; i += 2)
        metrics_add_to(
            METRIC_MESSAGES_SENT,
            METRIC_LABELS(NULL, reply_item(list, i)->text, reply_item(list, i + 1)->text), 1);
    return list->count / 2;
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
        call->swept.sent = hear_sent(reply_item(reply, 4));
        call->swept.whole = !more;
        if (more)
            call->swept.next_ms = 0;
        else if (call->outbox->settled == call->settled)
            call->outbox->settled = 0;
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

static void put_known(struct arguments *arguments, const struct outbox_sweep *sweep)
{
    static const char *const words[] = {[OUTBOX_KNOWN_WAITING] = "waiting",
                                        [OUTBOX_KNOWN_BEGUN] = "begun",
                                        [OUTBOX_KNOWN_TAKEN] = "taken"};
    arguments_number(arguments, (int64_t)sweep->known_count);
    for (size_t i = 0; i < sweep->known_count; i++) {
        arguments_text(arguments, sweep->known[i].mid);
        arguments_text(arguments, sweep->known[i].owner);
        arguments_text(arguments, words[sweep->known[i].stage]);
    }
}

static void ask_to_claim(struct sweep_call *call, const struct outbox_sweep *sweep)
{
    struct outbox *outbox = call->outbox;
    struct arguments arguments =
        outbox_begin(outbox, 8 + outbox->channel_count + 3 * sweep->known_count);
    arguments_number(&arguments, SWEEP_MOST);
    arguments_number(&arguments, outbox->trace_keep_ms);
    arguments_text(&arguments, sweep->tells_uncertain ? "1" : "");
    arguments_text(&arguments, sweep->tells_sent ? "1" : "");
    arguments_number(&arguments, call->settled);
    put_known(&arguments, sweep);
    for (size_t i = 0; i < outbox->channel_count; i++)
        arguments_text(&arguments, outbox->channels[i]);
    outbox_run(outbox, SCRIPT_CLAIM_OUTBOX, &arguments, on_claimed, call, release_sweep);
}

static void ask_to_requeue(struct sweep_call *call)
{
    struct outbox *outbox = call->outbox;
    struct arguments arguments =
        arguments_begin(outbox->asking, 7 + outbox->channel_count + outbox->gateway_count);
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

void outbox_sweep(struct outbox *outbox, const struct outbox_sweep *sweep,
                  outbox_on_swept *callback, void *context)
{
    struct sweep_call *call = mem_zero(1, sizeof *call);
    outbox_recover(outbox); /* first: what lost answers took was not settled, but never begun */
    call->waiting = call->users = 2;
    call->swept.next_ms = SWEEP_POLL_MS;
    call->outbox = outbox;
    call->settled = sweep->hand_is_new ? outbox->settled : 0;
    call->callback = callback;
    call->context = context;
    ask_to_claim(call, sweep);
    ask_to_requeue(call);
}
