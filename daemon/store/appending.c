#include "store/appending.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/keys.h"
#include "store/remembered.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 2048 };

static void on_reply(void *context, const struct reply *reply, const struct diag *fault)
{
    static const char *const words[] = {"taken", "duplicate", "conflict"};
    const struct appending_call *call = context;
    struct diag diag = {0};
    if (reply && failpoint("append-lost")) {
        diag_error(&diag, "the answer was lost by a fail-point");
        call->callback(call->context, APPENDING_UNAVAILABLE, NULL, &diag);
        return;
    }
    size_t state = reply ? reply_word(reply_item(reply, 0), words, APPENDING_UNAVAILABLE)
                         : APPENDING_UNAVAILABLE;
    if (state < APPENDING_UNAVAILABLE) {
        call->callback(call->context, (enum appending_state)state, reply, NULL);
        return;
    }
    if (reply) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    call->callback(call->context, APPENDING_UNAVAILABLE, NULL, fault);
}

/* The answer to XADD, in the words of the script. */
static void on_added(void *context, const struct reply *reply, const struct diag *fault)
{
    struct reply items[] = {{.kind = REPLY_STATUS, .text = "taken", .length = 5}, {0}};
    const struct reply list = {.kind = REPLY_LIST, .text = "", .items = items, .count = 2};
    bool added = reply && reply->kind == REPLY_TEXT;
    if (added)
        items[1] = *reply;
    on_reply(context, added ? &list : reply, fault);
}

static void release(void *context)
{
    struct appending_call *call = context;
    call->release(call->context);
    free(call);
}

/* One event that nothing is remembered of, as most are: without the script, for a third of its
 * time. */
static void add_one(struct scripts *scripts, const struct appending *appending,
                    struct appending_call *kept, struct arena *arena)
{
    struct arguments arguments = arguments_begin(arena, 7);
    arguments_text(&arguments, "XADD");
    arguments_text(&arguments, keys_spell(arena, scripts_prefix(scripts), KEY_EVENTS, NULL));
    arguments_text(&arguments, "*");
    arguments_text(&arguments, "event");
    arguments_bytes(&arguments, appending->events[0].text, appending->events[0].length);
    if (appending->login) {
        arguments_text(&arguments, "login");
        arguments_text(&arguments, appending->login);
    }
    struct connection_request request = arguments_request(&arguments, kept->owner, on_added, kept);
    request.release = release;
    connection_send(scripts_connection(scripts), &request);
}

static void add_all(struct scripts *scripts, const struct appending *appending,
                    struct appending_call *kept, struct arena *arena)
{
    struct arguments arguments =
        arguments_begin(arena, 4 + appending->name_count + appending->count);
    arguments_number(&arguments, appending->keep_ms);
    arguments_text(&arguments, appending->login ? appending->login : "");
    arguments_bytes(&arguments, appending->digest.text, appending->digest.length);
    arguments_number(&arguments, (int64_t)appending->name_count);
    for (size_t i = 0; i < appending->name_count; i++)
        arguments_text(&arguments, remembered_hash(arena, appending->names[i]));
    for (size_t i = 0; i < appending->count; i++)
        arguments_bytes(&arguments, appending->events[i].text, appending->events[i].length);
    struct connection_request request = arguments_request(&arguments, kept->owner, on_reply, kept);
    request.release = release;
    scripts_run(scripts, SCRIPT_APPEND, &request);
}

void appending_run(struct scripts *scripts, const struct appending *appending,
                   const struct appending_call *call)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct appending_call *kept = mem_alloc(sizeof *kept);
    *kept = *call;
    failpoint("append");
    if (appending->count == 1 && appending->name_count == 0)
        add_one(scripts, appending, kept, arena);
    else
        add_all(scripts, appending, kept, arena);
    arena_destroy(&arena);
}
