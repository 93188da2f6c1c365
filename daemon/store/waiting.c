#include "store/waiting.h"

#include "redis/arguments.h"
#include "store/keys.h"
#include "store/script_table.h"

enum { WAKE_MOST = 5000 }; /* customers of a class at once */

static void on_count(void *context, const struct reply *reply, const struct diag *fault)
{
    int64_t *figure = context, count;
    (void)fault;
    if (reply && reply_number(reply, &count))
        *figure = count;
}

void waiting_ask(struct waiting *waiting, struct scripts *scripts)
{
    const struct {
        const char *command;
        enum key key;
        const char *class;
        int64_t *figure;
    } sets[] = {{"ZCARD", KEY_LATER, NULL, &waiting->later},
                {"ZCARD", KEY_UNCERTAIN, NULL, &waiting->uncertain},
                {"HLEN", KEY_PAUSED, NULL, &waiting->paused},
                {"ZCARD", KEY_FULL, "transactional", &waiting->full_transactional},
                {"ZCARD", KEY_FULL, "marketing", &waiting->full_marketing}};
    struct connection *connection = scripts_connection(scripts);
    struct arena *arena = arena_new(512);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        connection_command(
            connection, &waiting->owner, on_count, sets[i].figure, sets[i].command,
            keys_spell(arena, scripts_prefix(scripts), sets[i].key, sets[i].class, NULL), NULL);
    arena_destroy(&arena);
}

/* Nobody waits for the answer: who was woken is decided, and is in the queue no longer. */
void waiting_wake(struct waiting *waiting, struct scripts *scripts, int64_t transactional,
                  int64_t marketing)
{
    struct arena *arena = arena_new(512);
    struct arguments arguments = arguments_begin(arena, 4);
    arguments_number(&arguments, transactional);
    arguments_number(&arguments, marketing);
    arguments_number(&arguments, WAKE_MOST);
    const struct connection_request request =
        arguments_request(&arguments, &waiting->owner, NULL, NULL);
    scripts_run(scripts, SCRIPT_WAKE, &request);
    arena_destroy(&arena);
}
