#include "store/bulletins.h"

#include <stdlib.h>
#include <string.h>

#include "redis/arguments.h"
#include "store/keys.h"

enum { KEEP_MS = 10000, FIRST_CHUNK = 1024 };

void bulletins_put(struct scripts *scripts, const char *daemon, struct slice text)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = arguments_begin(arena, 5);
    arguments_text(&arguments, "SET");
    arguments_text(&arguments,
                   keys_spell(arena, scripts_prefix(scripts), KEY_BULLETIN, daemon, NULL));
    arguments_bytes(&arguments, text.text, text.length);
    arguments_text(&arguments, "PX");
    arguments_number(&arguments, KEEP_MS);
    const struct connection_request request = arguments_request(&arguments, NULL, NULL, NULL);
    connection_send(scripts_connection(scripts), &request);
    arena_destroy(&arena);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct bulletins_item *)a)->daemon,
                  ((const struct bulletins_item *)b)->daemon);
}

bool bulletins_read(struct session *session, const char *prefix, struct arena *arena,
                    struct bulletins_item **items, size_t *count, struct diag *diag)
{
    const struct reply *names =
        session_command(session, diag, "HKEYS", keys_spell(arena, prefix, KEY_MEMBERS, NULL), NULL);
    if (names && names->count == 0) /* there is one shard */
        names = session_command(session, diag, "HKEYS", keys_spell(arena, prefix, KEY_SETS, NULL),
                                NULL);
    if (!names)
        return false;
    *count = names->count;
    *items = arena_zero(arena, sizeof **items * (*count + 1));
    for (size_t i = 0; i < *count; i++)
        (*items)[i].daemon = arena_text(arena, reply_item(names, i)->text);
    for (size_t i = 0; i < *count; i++) {
        const struct reply *text = session_command(
            session, diag, "GET", keys_spell(arena, prefix, KEY_BULLETIN, (*items)[i].daemon, NULL),
            NULL);
        if (!text)
            return false;
        if (reply_text(text))
            (*items)[i].text =
                slice_copy(arena, (struct slice){.text = text->text, .length = text->length});
    }
    qsort(*items, *count, sizeof **items, by_name);
    return true;
}
