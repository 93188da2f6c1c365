/* nudgectl status, reload, stop: one question each to the daemon's admin socket. */
#include "ctl/command.h"

int command_status(struct context *context, int argc, char **argv)
{
    if (argc > 1)
        return command_usage(argv[0], "no argument is expected: %s", argv[1]);
    return context_ask(context, "GET", "/status");
}

int command_reload(struct context *context, int argc, char **argv)
{
    if (argc > 1)
        return command_usage(argv[0], "no argument is expected: %s", argv[1]);
    return context_ask(context, "POST", "/reload");
}

int command_stop(struct context *context, int argc, char **argv)
{
    if (argc > 1)
        return command_usage(argv[0], "no argument is expected: %s", argv[1]);
    return context_ask(context, "POST", "/stop");
}
