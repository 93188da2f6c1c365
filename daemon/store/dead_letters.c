#include "store/dead_letters.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "store/keys.h"

enum { PAGE = 100 };

static const char *key_of(struct arena *arena, const char *prefix)
{
    return keys_spell(arena, prefix, KEY_DEAD, NULL);
}

const struct reply *dead_letters_read(struct session *session, const char *prefix, const char *most,
                                      struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const struct reply *letters = session_command(session, diag, "XREVRANGE", key_of(arena, prefix),
                                                  "+", "-", "COUNT", most, NULL);
    arena_destroy(&arena);
    return letters;
}

bool dead_letters_walk(struct session *session, const char *prefix,
                       dead_letters_on_letter *on_letter, void *context, struct diag *diag)
{
    struct arena *arena = arena_new(256), *page = arena_new(64 * 1024);
    const char *key = key_of(arena, prefix);
    char from[64] = "+";
    size_t count = PAGE;
    bool good = true, more = true;
    while (good && more && count == PAGE) {
        arena_reset(page);
        const struct reply *found =
            session_command(session, diag, "XREVRANGE", key, from, "-", "COUNT", "100", NULL);
        good = found != NULL;
        count = good ? found->count : 0;
        found = good ? reply_copy(page, found) : NULL; /* it may be asked for more meanwhile */
        for (size_t i = 0; i < count && more; i++) {
            snprintf(from, sizeof from, "(%s", reply_item(reply_item(found, i), 0)->text);
            more = on_letter(context, reply_item(found, i));
        }
    }
    arena_destroy(&page);
    arena_destroy(&arena);
    return good;
}

/* ---- By their ids, many at once ---- */

struct asked {
    struct diag *diag;
    bool failed;
    dead_letters_on_letter *on_letter;
    void *context;
    bool *dropped; /* the next one */
};

static bool answers(struct asked *asked, const struct reply *reply, const struct diag *fault)
{
    if (reply && reply->kind != REPLY_ERROR)
        return true;
    if (reply && !asked->failed)
        reply_fault(reply, asked->diag);
    else if (!asked->failed)
        *asked->diag = *fault;
    asked->failed = true;
    return false;
}

static void on_found(void *context, const struct reply *reply, const struct diag *fault)
{
    struct asked *asked = context;
    if (answers(asked, reply, fault) && reply->count)
        asked->on_letter(asked->context, reply_item(reply, 0));
}

bool dead_letters_find(struct session *session, const char *prefix, const char *const *ids,
                       size_t count, dead_letters_on_letter *on_letter, void *context,
                       struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const char *key = key_of(arena, prefix);
    struct asked asked = {.diag = diag, .on_letter = on_letter, .context = context};
    for (size_t i = 0; i < count; i++)
        session_push(session, 4, (const char *const[]){"XRANGE", key, ids[i], ids[i]}, NULL,
                     on_found, &asked);
    session_drain(session, 0);
    arena_destroy(&arena);
    return !asked.failed;
}

static void on_dropped(void *context, const struct reply *reply, const struct diag *fault)
{
    struct asked *asked = context;
    *asked->dropped++ = answers(asked, reply, fault) && reply->integer == 1;
}

bool dead_letters_drop(struct session *session, const char *prefix, const char *const *ids,
                       size_t count, bool *dropped, struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const char *key = key_of(arena, prefix);
    struct asked asked = {.diag = diag, .dropped = dropped};
    for (size_t i = 0; i < count; i++)
        session_push(session, 3, (const char *const[]){"XDEL", key, ids[i]}, NULL, on_dropped,
                     &asked);
    session_drain(session, 0);
    arena_destroy(&arena);
    return !asked.failed;
}

bool dead_letters_is_id(const char *text)
{
    static const char digits[] = "0123456789";
    size_t time = strspn(text, digits), number = 0;
    if (text[time] == '-')
        number = strspn(text + time + 1, digits);
    return time && time < 20 && number && number < 20 && !text[time + 1 + number];
}

const struct reply *dead_letters_field(const struct reply *letter, const char *name)
{
    return reply_field(reply_item(letter, 1), name);
}
