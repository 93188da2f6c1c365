#include "store/script_call.h"

#include "store/keys.h"

struct arguments script_call_begin(struct arena *arena, enum script script, const char *prefix,
                                   size_t capacity)
{
    struct arguments arguments = arguments_begin(arena, 5 + capacity);
    arguments_text(&arguments, "EVAL");
    arguments_text(&arguments, script_table[script]);
    arguments_text(&arguments, "1");
    arguments_text(&arguments, keys_absent(arena, prefix));
    arguments_text(&arguments, prefix);
    return arguments;
}

const struct reply *script_call(struct session *session, const struct arguments *arguments,
                                struct diag *diag)
{
    return session_call(session, arguments->argc, arguments->argv, arguments->lengths, diag);
}
