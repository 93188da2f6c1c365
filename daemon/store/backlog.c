#include "store/backlog.h"

#include "store/script_call.h"

bool backlog_count(struct session *session, const char *prefix, int64_t *count, struct diag *diag)
{
    struct arena *arena = arena_new(256);
    struct arguments arguments = script_call_begin(arena, SCRIPT_BACKLOG, prefix, 0);
    const struct reply *reply = script_call(session, &arguments, diag);
    arena_destroy(&arena);
    return reply && (reply_number(reply, count) || reply_fault(reply, diag));
}
