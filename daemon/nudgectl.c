/* nudgectl: finds the subcommand and hands over to ctl/. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/diag.h"
#include "base/log.h"
#include "ctl/command.h"

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

static void print_help(void)
{
    printf("Usage: nudgectl [--config FILE] COMMAND [ARGUMENT...]\n\n");
    for (const struct command *command = commands; command->name; command++)
        printf("  %-8s %s\n", command->name, command->about);
    printf("  %-8s %s\n\nSee nudgectl(1).\n", "help", "this, or the options of one command");
}

static const struct command *find(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[sizeof commands / sizeof *commands];
    size_t count = 0;
    for (const struct command *command = commands; command->name; command++)
        names[count++] = command->name;
    names[count] = NULL;
    const char *nearest = diag_nearest(name, names);
    fprintf(stderr, "nudgectl: no command `%s`\n", name);
    if (nearest)
        fprintf(stderr, "hint: did you mean `%s`?\n", nearest);
    return EX_USAGE;
}

static int help(const char *name)
{
    const struct command *command = name ? find(name) : NULL;
    if (name && !command)
        return unknown(name);
    if (!command)
        print_help();
    else
        printf("Usage: nudgectl %s%s%s\n%s.\n%s", command->name, *command->arguments ? " " : "",
               command->arguments, command->about, command->options);
    return EXIT_SUCCESS;
}

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

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {0},
    };
    struct context context = {0};
    int option;
    while ((option = getopt_long(argc, argv, "+c:h", options, NULL)) != -1) {
        if (option == 'c')
            context.config_file = optarg;
        else if (option == 'h')
            return help(NULL);
        else if (option == 'v')
            return printf("nudgectl %s\n", PACKAGE_VERSION) < 0;
        else
            return EX_USAGE;
    }
    if (optind == argc || strcmp(argv[optind], "help") == 0)
        return help(optind + 1 < argc ? argv[optind + 1] : NULL);
    const struct command *command = find(argv[optind]);
    if (!command)
        return unknown(argv[optind]);
    log_set_level(LOG_LEVEL_WARNING);
    int status = command->run(&context, argc - optind, argv + optind);
    context_close(&context);
    return status;
}
