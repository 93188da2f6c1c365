#include "store/backlog.h"

#include "store/script_table.h"

bool backlog_count(struct session *session, const char *prefix, int64_t *count, struct diag *diag)
{
    const struct reply *reply =
        session_command(session, diag, "EVAL", script_table[SCRIPT_BACKLOG], "0", prefix, NULL);
    return reply && (reply_number(reply, count) || reply_fault(reply, diag));
}
