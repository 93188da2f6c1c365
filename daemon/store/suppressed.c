#include "store/suppressed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/arguments.h"

enum { FIRST_CHUNK = 4096, REASON_MOST = 1024 };

struct suppressed {
    struct scripts *scripts;
    struct connection_owner owner;
    struct arena *asking, *answering;
};

struct suppressed_call {
    struct suppressed *suppressed;
    suppressed_on_checked *on_checked;
    void (*on_changed)(void *context, const struct diag *fault);
    void *context;
};

struct suppressed *suppressed_new(struct scripts *scripts)
{
    struct suppressed *suppressed = mem_zero(1, sizeof(*suppressed));
    suppressed->scripts = scripts;
    suppressed->asking = arena_new(FIRST_CHUNK);
    suppressed->answering = arena_new(FIRST_CHUNK);
    return suppressed;
}

void suppressed_destroy(struct suppressed **suppressed)
{
    struct suppressed *ended = *suppressed;
    if (!ended)
        return;
    *suppressed = NULL;
    connection_silence(&ended->owner);
    arena_destroy(&ended->asking);
    arena_destroy(&ended->answering);
    free(ended);
}

static void send_arguments(struct suppressed *suppressed, const struct arguments *arguments,
                           connection_callback *callback, struct suppressed_call made)
{
    struct suppressed_call *call = mem_alloc(sizeof(*call));
    *call = made;
    connection_send(scripts_connection(suppressed->scripts),
                    &(struct connection_request){.argc = arguments->argc,
                                                 .argv = arguments->argv,
                                                 .lengths = arguments->lengths,
                                                 .owner = &suppressed->owner,
                                                 .callback = callback,
                                                 .context = call,
                                                 .release = free});
}

static struct arguments begin(struct suppressed *suppressed, const char *command)
{
    arena_reset(suppressed->asking);
    struct arguments arguments = arguments_begin(suppressed->asking, 8);
    arguments_text(&arguments, command);
    arguments_text(&arguments, arena_printf(suppressed->asking, "%s:suppressed",
                                            scripts_prefix(suppressed->scripts)));
    return arguments;
}

static void on_checked(void *context, const struct reply *reply, const struct diag *fault)
{
    struct suppressed_call *call = context;
    struct diag diag;
    if (!reply || reply->kind != REPLY_LIST) {
        if (reply)
            reply_fault(reply, &diag);
        call->on_checked(call->context, reply ? &diag : fault, NULL, 0);
        return;
    }
    arena_reset(call->suppressed->answering);
    bool *held = arena_alloc(call->suppressed->answering, reply->count + 1);
    for (size_t i = 0; i < reply->count; i++)
        held[i] = reply_item(reply, i)->kind != REPLY_NIL;
    call->on_checked(call->context, NULL, held, reply->count);
}

void suppressed_check(struct suppressed *suppressed, const char *const *hashes, size_t count,
                      suppressed_on_checked *callback, void *context)
{
    struct arguments arguments = begin(suppressed, "HMGET");
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, hashes[i]);
    send_arguments(suppressed, &arguments, on_checked,
                   (struct suppressed_call){
                       .suppressed = suppressed, .on_checked = callback, .context = context});
}

static void on_changed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct suppressed_call *call = context;
    struct diag diag;
    if (reply && reply->kind != REPLY_INTEGER) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    if (call->on_changed)
        call->on_changed(call->context, fault);
}

void suppressed_add(struct suppressed *suppressed, const char *hash, const char *reason,
                    int64_t at_ms, void (*callback)(void *context, const struct diag *fault),
                    void *context)
{
    struct arguments arguments = begin(suppressed, "HSETNX");
    struct buf entry;
    buf_init(&entry, REASON_MOST);
    buf_text(&entry, "{\"reason\":");
    json_print_string(&entry, reason, strlen(reason));
    buf_printf(&entry, ",\"at\":%" PRId64 "}", at_ms);
    arguments_text(&arguments, hash);
    arguments_text(&arguments, buf_string(&entry));
    send_arguments(suppressed, &arguments, on_changed,
                   (struct suppressed_call){
                       .suppressed = suppressed, .on_changed = callback, .context = context});
    buf_free(&entry);
}

void suppressed_remove(struct suppressed *suppressed, const char *const *hashes, size_t count,
                       void (*callback)(void *context, const struct diag *fault), void *context)
{
    struct arguments arguments = begin(suppressed, "HDEL");
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, hashes[i]);
    send_arguments(suppressed, &arguments, on_changed,
                   (struct suppressed_call){
                       .suppressed = suppressed, .on_changed = callback, .context = context});
}
