#include "store/suppressions.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "store/keys.h"
#include "store/script_call.h"

enum { FIRST_CHUNK = 16 * 1024 };

static void add_item(struct arguments *arguments, const struct suppressions_item *item)
{
    arguments_text(arguments, item->hash);
    arguments_text(arguments, item->old_hash);
    arguments_text(arguments, item->customer);
    arguments_text(arguments, item->reason);
    if (item->at_ms)
        arguments_number(arguments, item->at_ms);
    else
        arguments_text(arguments, NULL);
}

bool suppressions_change(struct session *session, const char *prefix, bool add,
                         const struct suppressions_item *items, size_t count, int64_t trace_keep_ms,
                         bool *changed, struct diag *diag)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = script_call_begin(arena, SCRIPT_SUPPRESS, prefix, 2 + 5 * count);
    arguments_text(&arguments, add ? "add" : "rm");
    arguments_number(&arguments, trace_keep_ms);
    for (size_t i = 0; i < count; i++)
        add_item(&arguments, &items[i]);
    const struct reply *reply = script_call(session, &arguments, diag);
    arena_destroy(&arena);
    for (size_t i = 0; reply && i < count; i++)
        changed[i] = reply_item(reply, i)->integer == 1;
    return reply != NULL;
}

bool suppressions_count(struct session *session, const char *prefix, int64_t *count,
                        struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const struct reply *reply = session_command(
        session, diag, "HLEN", keys_spell(arena, prefix, KEY_SUPPRESSED, NULL), NULL);
    arena_destroy(&arena);
    return reply && (reply_number(reply, count) || reply_fault(reply, diag));
}

bool suppressions_walk(struct session *session, const char *prefix, suppressions_on_item *on_item,
                       void *context, struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const char *key = keys_spell(arena, prefix, KEY_SUPPRESSED, NULL);
    char cursor[24] = "0";
    bool good = true, more = true;
    do {
        const struct reply *page =
            session_command(session, diag, "HSCAN", key, cursor, "COUNT", "500", NULL);
        good = page != NULL;
        const struct reply *rows = good ? reply_item(page, 1) : NULL;
        for (size_t i = 0; good && more && i + 1 < rows->count; i += 2)
            more = on_item(context, reply_item(rows, i)->text, reply_item(rows, i + 1));
        if (good)
            snprintf(cursor, sizeof cursor, "%s", reply_item(page, 0)->text);
    } while (good && more && strcmp(cursor, "0") != 0);
    arena_destroy(&arena);
    return good;
}
