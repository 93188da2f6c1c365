#include "store/suppressed.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "redis/arguments.h"
#include "store/keys.h"

enum { FIRST_CHUNK = 1024 };

static void on_lifted(void *context, const struct reply *reply, const struct diag *fault)
{
    size_t count = (uintptr_t)context;
    struct diag diag;
    int64_t lifted;
    if (reply && reply_number(reply, &lifted))
        return;
    if (reply) {
        reply_fault(reply, &diag);
        fault = &diag;
    }
    log_warning("suppressions could not be lifted addresses=%zu: %s", count, fault->text);
}

void suppressed_lift(struct scripts *scripts, const char *const *hashes, size_t count)
{
    struct arena *arena = arena_new(FIRST_CHUNK);
    struct arguments arguments = arguments_begin(arena, count + 2);
    arguments_text(&arguments, "HDEL");
    arguments_text(&arguments, keys_spell(arena, scripts_prefix(scripts), KEY_SUPPRESSED, NULL));
    for (size_t i = 0; i < count; i++)
        arguments_text(&arguments, hashes[i]);
    const struct connection_request request =
        arguments_request(&arguments, NULL, on_lifted, (void *)(uintptr_t)count);
    connection_send(scripts_connection(scripts), &request);
    arena_destroy(&arena);
}
