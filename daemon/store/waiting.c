#include "store/waiting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void on_count(void *context, const struct reply *reply, const struct diag *fault)
{
    int64_t *figure = context, count;
    (void)fault;
    if (reply && reply_number(reply, &count))
        *figure = count;
}

static void ask(struct waiting *waiting, struct scripts *scripts, const char *name, int64_t *figure)
{
    const char *prefix = scripts_prefix(scripts);
    size_t size = strlen(prefix) + strlen(name) + 2;
    char *key = mem_alloc(size);
    snprintf(key, size, "%s:%s", prefix, name);
    connection_command(scripts_connection(scripts), &waiting->owner, on_count, figure, "ZCARD", key,
                       NULL);
    free(key);
}

void waiting_ask(struct waiting *waiting, struct scripts *scripts)
{
    ask(waiting, scripts, "later", &waiting->later);
    ask(waiting, scripts, "uncertain", &waiting->uncertain);
}
