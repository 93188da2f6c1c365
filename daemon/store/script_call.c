#include "store/script_call.h"

struct arguments script_call_begin(struct arena *arena, enum script script, const char *prefix,
                                   size_t capacity)
{
    struct arguments arguments = arguments_begin(arena, 4 + capacity);
    arguments_text(&arguments, "EVAL");
    arguments_text(&arguments, script_table[script]);
    arguments_text(&arguments, "0");
    arguments_text(&arguments, prefix);
    return arguments;
}

const struct reply *script_call(struct session *session, const struct arguments *arguments,
                                struct diag *diag)
{
    return session_call(session, arguments->argc, arguments->argv, arguments->lengths, diag);
}
