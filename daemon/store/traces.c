#include "store/traces.h"

#include <string.h>

#include "store/keys.h"

const struct reply *traces_read(struct session *session, const char *prefix, const char *customer,
                                struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const struct reply *lines =
        session_command(session, diag, "LRANGE",
                        keys_spell(arena, prefix, KEY_TRACE, customer, NULL), "0", "-1", NULL);
    arena_destroy(&arena);
    return lines;
}

bool traces_customers(struct session *session, const char *prefix, struct arena *arena,
                      const char *const **customers, size_t *count, struct diag *diag)
{
    const char *all = keys_spell(arena, prefix, KEY_TRACE, "*", NULL);
    const struct reply *keys = session_command(session, diag, "KEYS", all, NULL);
    if (!keys)
        return false;
    const char **found = arena_alloc(arena, sizeof *found * (keys->count + 1));
    for (size_t i = 0; i < keys->count; i++)
        found[i] = arena_text(arena, reply_item(keys, i)->text + strlen(all) - 1);
    *customers = found;
    *count = keys->count;
    return true;
}
