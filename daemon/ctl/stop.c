/* nudgectl stop: asks the daemon to end, at its admin socket. */
#include <sysexits.h>

#include "ctl/command.h"

int command_stop(struct context *context, int argc, char **argv)
{
    bool json = false;
    const struct command_option options[] = {{.name = "--json", .flag = &json}, {0}};
    if (!command_no_arguments(command_options(context, argc, argv, options), argv))
        return EX_USAGE;
    return context_ask(context, "POST", "/stop", json ? "stopping" : NULL);
}
