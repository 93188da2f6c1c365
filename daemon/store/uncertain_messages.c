#include "store/uncertain_messages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/keys.h"
#include "store/script_table.h"

enum { NUMBER_SIZE = 24 };

static const char *copied(struct arena *arena, const struct reply *reply)
{
    return reply_text(reply) ? arena_copy(arena, reply->text, reply->length) : NULL;
}

bool uncertain_messages_find(struct session *session, const char *prefix, const char *mid,
                             struct arena *arena, struct uncertain_message *message,
                             struct diag *diag)
{
    const char *key = keys_spell(arena, prefix, KEY_MESSAGE, mid, NULL);
    const struct reply *row = session_command(session, diag, "HMGET", key, "state", "customer",
                                              "gateway", "body", "mark", NULL);
    if (!row)
        return false;
    const char *state = reply_text(reply_item(row, 0));
    message->mid = mid;
    message->customer = message->gateway = message->body = message->mark = NULL;
    if (state && strcmp(state, "uncertain") == 0) {
        message->customer = copied(arena, reply_item(row, 1));
        message->gateway = copied(arena, reply_item(row, 2));
        message->body = copied(arena, reply_item(row, 3));
        message->mark = copied(arena, reply_item(row, 4));
    }
    if (!state || strcmp(state, "uncertain") != 0 || message->body)
        return true; /* a former program had the body in the hash */
    const struct reply *body =
        session_command(session, diag, "GET", keys_spell(arena, prefix, KEY_BODY, mid, NULL), NULL);
    message->body = body ? copied(arena, body) : NULL;
    return body != NULL;
}

bool uncertain_messages_count(struct session *session, const char *prefix, int64_t *count,
                              struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const struct reply *reply = session_command(
        session, diag, "ZCARD", keys_spell(arena, prefix, KEY_UNCERTAIN, NULL), NULL);
    arena_destroy(&arena);
    return reply && (reply_number(reply, count) || reply_fault(reply, diag));
}

bool uncertain_messages_list(struct session *session, const char *prefix, int64_t before_ms,
                             size_t skip, size_t most, struct arena *arena,
                             struct uncertain_page *page, struct diag *diag)
{
    const char *key = keys_spell(arena, prefix, KEY_UNCERTAIN, NULL);
    const char *to = before_ms == INT64_MAX ? "+inf" : arena_printf(arena, "%" PRId64, before_ms);
    const struct reply *rows = session_command(
        session, diag, "ZRANGE", key, "-inf", to, "BYSCORE", "LIMIT",
        arena_printf(arena, "%zu", skip), arena_printf(arena, "%zu", most), "WITHSCORES", NULL);
    if (!rows)
        return false;
    page->count = rows->count / 2;
    page->messages = arena_zero(arena, sizeof *page->messages * (page->count + 1));
    for (size_t i = 0; i < page->count; i++) {
        page->messages[i].mid = arena_text(arena, reply_item(rows, 2 * i)->text);
        page->messages[i].since_ms = (int64_t)strtod(reply_item(rows, 2 * i + 1)->text, NULL);
    }
    for (size_t i = 0; i < page->count; i++)
        if (!uncertain_messages_find(session, prefix, page->messages[i].mid, arena,
                                     &page->messages[i], diag))
            return false;
    return true;
}

bool uncertain_messages_settle(struct session *session, const char *prefix,
                               enum uncertain_verb verb, const char *mid, int64_t trace_keep_ms,
                               enum uncertain_verdict *verdict, struct diag *diag)
{
    static const char *const words[] = {
        [UNCERTAIN_DONE] = "done",
        [UNCERTAIN_GONE] = "gone",
        [UNCERTAIN_WITHDRAWN] = "withdrawn",
        [UNCERTAIN_UNSUBSCRIBED] = "unsubscribed",
    };
    char keep[NUMBER_SIZE];
    snprintf(keep, sizeof keep, "%" PRId64, trace_keep_ms);
    const struct reply *reply =
        session_command(session, diag, "EVAL", script_table[SCRIPT_UNCERTAIN], "0", prefix,
                        verb == UNCERTAIN_RESEND ? "resend" : "drop", keep, mid, NULL);
    if (!reply)
        return false;
    const char *word = reply_text(reply_item(reply, 0));
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0) {
            *verdict = (enum uncertain_verdict)i;
            return true;
        }
    return diag_error(diag, "an answer of Redis that cannot be read");
}
