#include "store/taker.h"

#include <stdlib.h>

#include "base/mem.h"

void taker_open(struct taker *taker, struct scripts *scripts, const struct instance *instance,
                int64_t settle_ms, const char *inbox, size_t chunk)
{
    *taker = (struct taker){.scripts = scripts,
                            .instance = instance,
                            .settle_ms = settle_ms,
                            .inbox = mem_text(inbox),
                            .asking = arena_new(chunk),
                            .answering = arena_new(chunk)};
}

void taker_close(struct taker *taker)
{
    connection_silence(&taker->owner);
    arena_destroy(&taker->asking);
    arena_destroy(&taker->answering);
    free(taker->inbox);
}

struct arguments taker_begin(struct taker *taker, size_t capacity)
{
    arena_reset(taker->asking);
    return arguments_begin(taker->asking, capacity);
}

void taker_run(struct taker *taker, enum script script, const struct arguments *arguments,
               connection_callback *callback, void *call, void (*release)(void *call))
{
    struct connection_request request = arguments_request(arguments, &taker->owner, callback, call);
    request.release = release;
    scripts_run(taker->scripts, script, &request);
}
