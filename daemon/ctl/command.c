#include "ctl/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

const struct command commands[] = {
    {"push", "[FILE...]", "push events, one JSON object a line, from files or standard input", "",
     command_push},
    {"check", "", "check the configuration, all rules and all templates", "", command_check},
    {"explain", "[--json] CUSTOMER", "what was decided about a customer, and why",
     "  --json      the trace as it is stored, one JSON object a line\n", command_explain},
    {"dead", "ls [N]", "the newest dead letters, at most N (50)", "", command_dead},
    {"status", "", "what the daemon is doing", "", command_status},
    {"reload", "", "read rules and templates again", "", command_reload},
    {"stop", "", "end the daemon, as SIGTERM does", "", command_stop},
    {"demo", "[--folder DIR] [--keep]", "all of it at once, on this machine",
     "  --folder DIR  where its files lie (default: a new one below the temporary folder)\n"
     "  --keep        leaves the daemon running when it is over\n",
     command_demo},
    {0},
};

int command_usage(const char *name, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "nudgectl %s: ", name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nhint: `nudgectl help %s`\n", name);
    return EX_USAGE;
}
