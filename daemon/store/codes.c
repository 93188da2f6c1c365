#include "store/codes.h"

#include <stdlib.h>
#include <string.h>

#include "store/keys.h"
#include "store/script_call.h"

enum { FIRST_CHUNK = 64 * 1024 };

bool codes_load(struct session *session, const char *prefix, const char *list,
                const char *const *codes, size_t count, bool last, int64_t *fresh, int64_t *left,
                struct diag *diag)
{
    int64_t more = 0;
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = script_call_begin(arena, SCRIPT_LOAD_CODES, prefix, count + 2);
    arguments_text(&arguments, list);
    arguments_text(&arguments, last ? "end" : "");
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, codes[i]);
    const struct reply *reply = script_call(session, &arguments, diag);
    bool good =
        reply &&
        ((reply_number(reply_item(reply, 0), &more) && reply_number(reply_item(reply, 1), left)) ||
         reply_fault(reply, diag));
    *fresh += more;
    arena_destroy(&arena);
    return good;
}

static int by_name(const void *one, const void *other)
{
    const struct codes_list *a = one, *b = other;
    return strcmp(a->name, b->name);
}

static bool count_of(struct session *session, const char *command, const char *key, int64_t *count,
                     struct diag *diag)
{
    const struct reply *reply = session_command(session, diag, command, key, NULL);
    return reply && (reply_number(reply, count) || reply_fault(reply, diag));
}

bool codes_lists(struct session *session, const char *prefix, struct arena *arena,
                 struct codes_list **lists, size_t *count, struct diag *diag)
{
    const struct reply *names =
        session_command(session, diag, "HKEYS", keys_spell(arena, prefix, KEY_LISTS, NULL), NULL);
    if (!names)
        return false;
    *count = names->count;
    *lists = arena_zero(arena, (*count + 1) * sizeof **lists);
    for (size_t i = 0; i < *count; i++)
        (*lists)[i].name = arena_text(arena, reply_item(names, i)->text);
    qsort(*lists, *count, sizeof **lists, by_name);
    for (struct codes_list *list = *lists; list < *lists + *count; list++)
        if (!count_of(session, "LLEN", keys_spell(arena, prefix, KEY_CODES, list->name, NULL),
                      &list->left, diag) ||
            !count_of(session, "SCARD", keys_spell(arena, prefix, KEY_LOADED, list->name, NULL),
                      &list->loaded, diag))
            return false;
    return true;
}
