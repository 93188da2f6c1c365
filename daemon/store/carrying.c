#include "store/carrying.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/remembered.h"
#include "store/script_table.h"

enum { FIRST_CHUNK = 65536, KEEP_MS = 7 * 24 * 60 * 60 * 1000 };

struct carrying_call {
    carrying_on_done *callback;
    void *context;
};

static void on_carried(void *context, const struct reply *reply, const struct diag *fault)
{
    const struct carrying_call *call = context;
    struct diag diag = {0};
    if (reply && reply->kind != REPLY_INTEGER) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    call->callback(call->context, fault ? 0 : reply->integer, fault);
}

static void put_field(struct arguments *arguments, const char *name, struct slice value)
{
    if (!value.text)
        return;
    arguments_text(arguments, name);
    arguments_bytes(arguments, value.text, value.length);
}

static struct slice text_or_none(const char *text)
{
    return text ? slice_of(text) : (struct slice){0};
}

/* One without an event is a dead letter, and goes there without what else it has. */
static void put_entry(struct arguments *arguments, const char *stream,
                      const struct carrying_entry *entry)
{
    const char *name = arena_printf(arguments->arena, "%s %s", stream, entry->id);
    const struct slice none = slice_of("");
    int fields = 1 + (entry->own != NULL) + (entry->login != NULL) + (entry->whose != NULL) +
                 (entry->parcel.text != NULL);
    arguments_text(arguments, remembered_hash(arguments->arena, slice_of(name)));
    arguments_number(arguments, (int64_t)2 * fields);
    put_field(arguments, entry->event.text ? "event" : "no-event",
              entry->event.text ? entry->event : none);
    put_field(arguments, "own", text_or_none(entry->own));
    put_field(arguments, "login", text_or_none(entry->login));
    put_field(arguments, "whose", text_or_none(entry->whose));
    put_field(arguments, "parcel", entry->parcel);
}

void carrying_run(struct scripts *scripts, const struct carrying *carrying,
                  struct connection_owner *owner, carrying_on_done *callback, void *context)
{
    struct carrying_call *call = mem_alloc(sizeof *call);
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = arguments_begin(arena, 1 + 12 * carrying->count);
    *call = (struct carrying_call){callback, context};
    arguments_number(&arguments, KEEP_MS);
    for (size_t i = 0; i < carrying->count; i++)
        put_entry(&arguments, carrying->stream, &carrying->entries[i]);
    struct connection_request request = arguments_request(&arguments, owner, on_carried, call);
    request.release = free;
    scripts_run(scripts, SCRIPT_CARRY, &request);
    arena_destroy(&arena);
}
