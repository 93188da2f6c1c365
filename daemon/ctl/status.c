/* nudgectl status, reload, stop: one question each to the daemon's admin socket. */
#include <sysexits.h>

#include "ctl/command.h"

int command_status(struct context *context, int argc, char **argv)
{
    return command_alone(argc, argv) ? context_ask(context, "GET", "/status") : EX_USAGE;
}

int command_reload(struct context *context, int argc, char **argv)
{
    return command_alone(argc, argv) ? context_ask(context, "POST", "/reload") : EX_USAGE;
}

int command_stop(struct context *context, int argc, char **argv)
{
    return command_alone(argc, argv) ? context_ask(context, "POST", "/stop") : EX_USAGE;
}
