#include "store/gateway_queues.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "store/keys.h"

/* Of a key that is no stream nothing waits. */
static bool add_length(struct session *session, const char *command, const char *key,
                       int64_t *count, struct diag *diag)
{
    int64_t length = 0;
    const struct reply *reply = session_command(session, diag, command, key, NULL);
    if (reply && reply_number(reply, &length))
        *count += length;
    return reply || strcmp(diag->code, "redis-wrongtype") == 0;
}

/* The slots of its rate: the last ms of each, and how many were let go in it. */
static bool read_used(struct session *session, const char *key, int64_t window_ms, int64_t *used,
                      struct diag *diag)
{
    int64_t seconds = 0;
    const struct reply *time = session_command(session, diag, "TIME", NULL);
    if (!time)
        return false;
    reply_number(reply_item(time, 0), &seconds);
    const struct reply *slots = session_command(session, diag, "HGETALL", key, NULL);
    for (size_t i = 0; slots && i + 1 < slots->count; i += 2)
        if (strtoll(reply_item(slots, i)->text, NULL, 10) + window_ms > seconds * 1000)
            *used += strtoll(reply_item(slots, i + 1)->text, NULL, 10);
    return slots || strcmp(diag->code, "redis-wrongtype") == 0;
}

bool gateway_queues_read(struct session *session, const char *prefix, const char *gateway,
                         const char *const *channels, int64_t window_ms,
                         struct gateway_queues *queues, struct diag *diag)
{
    static const char *const classes[] = {"transactional", "marketing"};
    struct arena *arena = arena_new(1024);
    bool good = true;
    *queues = (struct gateway_queues){0};
    for (; *channels && good; channels++)
        for (int i = 0; i < 2 && good; i++) {
            const char *own = arena_printf(arena, "%s@%s", *channels, gateway);
            int64_t *common = i ? &queues->marketing : &queues->transactional;
            good = add_length(session, "XLEN",
                              keys_spell(arena, prefix, KEY_OUTBOX, *channels, classes[i], NULL),
                              common, diag) &&
                   add_length(session, "HLEN",
                              keys_spell(arena, prefix, KEY_BEGUN, *channels, classes[i], NULL),
                              common, diag) &&
                   add_length(session, "XLEN",
                              keys_spell(arena, prefix, KEY_OUTBOX, own, classes[i], NULL),
                              &queues->bound, diag);
        }
    good = good &&
           (!window_ms || read_used(session, keys_spell(arena, prefix, KEY_RATE, gateway, NULL),
                                    window_ms, &queues->used, diag));
    arena_destroy(&arena);
    return good;
}
