#include "store/unread.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 65536, KEY_MOST = 4096 };

struct unread_call {
    size_t count;
    unread_on_passed *callback;
    void *context;
    bool passed[];
};

static void on_passed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct unread_call *call = context;
    struct diag diag;
    int64_t place;
    if (reply && reply->kind != REPLY_LIST) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    if (fault) {
        call->callback(call->context, fault, NULL);
        return;
    }
    memset(call->passed, true, call->count * sizeof *call->passed);
    for (size_t i = 0; i < reply->count; i++)
        if (reply_number(reply_item(reply, i), &place) && place >= 1 &&
            place <= (int64_t)call->count)
            call->passed[place - 1] = false;
    call->callback(call->context, NULL, call->passed);
}

static void put_event(struct arguments *arguments, const struct unread_event *event)
{
    arguments_text(arguments, event->entry);
    arguments_text(arguments, event->customer);
    arguments_text(arguments, arena_printf(arguments->arena, "\"%s\"", event->type));
    arguments_number(arguments, event->time_ms);
    arguments_bytes(arguments, event->said.text, event->said.length);
    arguments_number(arguments, (int64_t)event->key_count);
    for (size_t i = 0; i < event->key_count; i++) {
        const struct value key = value_text(event->keys[i].text);
        const struct slice printed = json_print_slice(arguments->arena, &key, KEY_MOST);
        arguments_text(arguments, event->keys[i].hash);
        arguments_bytes(arguments, printed.text, printed.length);
    }
}

void unread_pass(struct scripts *scripts, const struct instance *instance,
                 struct connection_owner *owner, const struct unread_request *request)
{
    struct unread_call *call = mem_alloc(sizeof *call + request->count * sizeof *call->passed);
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = arguments_begin(arena, 4 + 8 * request->count);
    call->count = request->count;
    call->callback = request->callback;
    call->context = request->context;
    arguments_text(&arguments, instance_consumer(instance));
    arguments_number(&arguments, request->least_ms);
    arguments_text(&arguments, arena_printf(arena, "-%" PRId64 "-u%" PRId64,
                                            instance_epoch(instance), request->sequence));
    for (size_t i = 0; i < request->count; i++)
        put_event(&arguments, &request->events[i]);
    struct connection_request sent = arguments_request(&arguments, owner, on_passed, call);
    sent.release = free;
    scripts_run(scripts, SCRIPT_UNREAD, &sent);
    arena_destroy(&arena);
}
