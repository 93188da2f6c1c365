#include "store/dead_letters.h"

#include <string.h>

#include "store/keys.h"

const struct reply *dead_letters_read(struct session *session, const char *prefix, const char *most,
                                      struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const struct reply *letters =
        session_command(session, diag, "XREVRANGE", keys_spell(arena, prefix, KEY_DEAD, NULL), "+",
                        "-", "COUNT", most, NULL);
    arena_destroy(&arena);
    return letters;
}

const struct reply *dead_letters_field(const struct reply *letter, const char *name)
{
    const struct reply *fields = reply_item(letter, 1);
    for (size_t i = 0; i + 1 < fields->count; i += 2)
        if (strcmp(reply_item(fields, i)->text, name) == 0)
            return reply_item(fields, i + 1);
    return reply_item(fields, fields->count);
}
