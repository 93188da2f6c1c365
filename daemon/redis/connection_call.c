#include "redis/connection_call.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

enum { DEADLINE_MS = 5000 };

static void own(struct connection_call *call, struct connection_owner *owner)
{
    call->owner = owner;
    if (!owner)
        return;
    call->after = owner->first;
    if (owner->first)
        owner->first->before = call;
    owner->first = call;
}

static void disown(struct connection_call *call)
{
    if (!call->owner)
        return;
    if (call->before)
        call->before->after = call->after;
    else
        call->owner->first = call->after;
    if (call->after)
        call->after->before = call->before;
    call->owner = NULL;
    call->before = call->after = NULL;
}

static void release(struct connection_call *call)
{
    if (call->release)
        call->release(call->context);
    call->release = NULL;
}

struct connection_call *connection_call_new(const struct connection_request *request)
{
    struct connection_call *call = mem_zero(1, sizeof *call);
    int64_t ms = request->deadline_ms ? request->deadline_ms : DEADLINE_MS;
    call->deadline = clock_monotonic_ms() + ms;
    call->begun_us = clock_monotonic_us();
    call->callback = request->callback;
    call->context = request->context;
    call->release = request->release;
    own(call, request->owner);
    return call;
}

void connection_call_free(struct connection_call *call)
{
    disown(call);
    release(call);
    free(call);
}

void connection_call_silence(struct connection_call *call)
{
    disown(call);
    call->callback = NULL;
    release(call);
}

void connection_call_append(struct connection_calls *calls, struct connection_call *call)
{
    call->next = NULL;
    if (calls->last)
        calls->last->next = call;
    else
        calls->first = call;
    calls->last = call;
}

struct connection_call *connection_call_shift(struct connection_calls *calls)
{
    struct connection_call *call = calls->first;
    if (call) {
        calls->first = call->next;
        if (!calls->first)
            calls->last = NULL;
    }
    return call;
}

void connection_calls_move(struct connection_calls *to, struct connection_calls *from)
{
    struct connection_call *call;
    while ((call = connection_call_shift(from)))
        connection_call_append(to, call);
}

struct connection_call *connection_call_stand_in(const struct connection_call *call)
{
    struct connection_call *stand_in = mem_zero(1, sizeof *stand_in);
    stand_in->deadline = call->deadline;
    stand_in->begun_us = call->begun_us;
    return stand_in;
}

void connection_call_drop_all(struct connection_calls *calls)
{
    struct connection_call *call;
    while ((call = connection_call_shift(calls)))
        connection_call_free(call);
}

void connection_call_answer(struct connection_call *call, const struct reply *reply,
                            const struct diag *fault)
{
    disown(call);
    if (call->callback)
        call->callback(call->context, reply, fault);
    connection_call_free(call);
}
