#include "store/tables.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "redis/arguments.h"
#include "store/keys.h"

enum { FIRST_CHUNK = 1024 };

struct tables {
    struct scripts *scripts;
    struct wrong_keys *wrong_keys;
    struct connection_owner owner;
};

struct tables *tables_new(struct scripts *scripts, struct wrong_keys *wrong_keys)
{
    struct tables *tables = mem_zero(1, sizeof *tables);
    tables->scripts = scripts;
    tables->wrong_keys = wrong_keys;
    return tables;
}

void tables_destroy(struct tables **tables)
{
    struct tables *ended = *tables;
    if (!ended)
        return;
    *tables = NULL;
    connection_silence(&ended->owner);
    free(ended);
}

/* ---- Reading: an HGET for each entry, and the last answer ends it ---- */

struct tables_call {
    struct tables *tables;
    struct arena *arena;
    size_t count, answered;
    const char **keys; /* in Redis, of the tables */
    struct slice *values;
    const char **wrong;
    bool failed;
    struct diag fault;
    tables_on_read *callback;
    void *context;
};

static void release(void *context)
{
    struct tables_call *call = context;
    arena_destroy(&call->arena);
    free(call);
}

static void note_wrong(struct tables_call *call, const char *key)
{
    wrong_keys_note(call->tables->wrong_keys, clock_monotonic_ms(), key, "is not a hash");
    call->wrong[call->answered] = arena_printf(call->arena, "%s is not a hash", key);
}

static void fail(struct tables_call *call, const struct reply *reply, const struct diag *fault)
{
    if (reply)
        reply_fault(reply, &call->fault);
    else if (fault)
        call->fault = *fault;
    call->failed = true;
}

static void on_entry(void *context, const struct reply *reply, const struct diag *fault)
{
    struct tables_call *call = context;
    const char *text = reply ? reply_text(reply) : NULL;
    if (reply && reply_is_error(reply, "WRONGTYPE"))
        note_wrong(call, call->keys[call->answered]);
    else if (text)
        call->values[call->answered] = slice_copy(call->arena, (struct slice){text, reply->length});
    else if (!reply || reply->kind != REPLY_NIL)
        fail(call, reply, fault);
    if (++call->answered < call->count)
        return;
    if (call->failed)
        call->callback(call->context, &call->fault, NULL, NULL);
    else
        call->callback(call->context, NULL, call->values, call->wrong);
}

static void ask(struct tables_call *call, size_t index, const char *entry)
{
    struct tables *tables = call->tables;
    struct arguments arguments = arguments_begin(call->arena, 3);
    arguments_text(&arguments, "HGET");
    arguments_text(&arguments, call->keys[index]);
    arguments_text(&arguments, entry);
    struct connection_request request =
        arguments_request(&arguments, &tables->owner, on_entry, call);
    request.release = index + 1 == call->count ? release : NULL;
    connection_send(scripts_connection(tables->scripts), &request);
}

void tables_read(struct tables *tables, const struct tables_entry *entries, size_t count,
                 tables_on_read *callback, void *context)
{
    struct tables_call *call = mem_zero(1, sizeof *call);
    call->tables = tables;
    call->arena = arena_new(FIRST_CHUNK);
    call->count = count;
    call->callback = callback;
    call->context = context;
    call->keys = arena_alloc(call->arena, sizeof *call->keys * count);
    call->values = arena_zero(call->arena, sizeof *call->values * count);
    call->wrong = arena_zero(call->arena, sizeof *call->wrong * count);
    for (size_t i = 0; i < count; i++)
        call->keys[i] = keys_spell(call->arena, scripts_prefix(tables->scripts), KEY_TABLE,
                                   entries[i].table, NULL);
    for (size_t i = 0; i < count; i++)
        ask(call, i, entries[i].key);
}
