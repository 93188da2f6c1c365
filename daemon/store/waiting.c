#include "store/waiting.h"

#include "store/keys.h"

static void on_count(void *context, const struct reply *reply, const struct diag *fault)
{
    int64_t *figure = context, count;
    (void)fault;
    if (reply && reply_number(reply, &count))
        *figure = count;
}

void waiting_ask(struct waiting *waiting, struct scripts *scripts)
{
    struct connection *connection = scripts_connection(scripts);
    const char *prefix = scripts_prefix(scripts);
    struct arena *arena = arena_new(256);
    connection_command(connection, &waiting->owner, on_count, &waiting->later, "ZCARD",
                       keys_spell(arena, prefix, KEY_LATER, NULL), NULL);
    connection_command(connection, &waiting->owner, on_count, &waiting->uncertain, "ZCARD",
                       keys_spell(arena, prefix, KEY_UNCERTAIN, NULL), NULL);
    arena_destroy(&arena);
}
