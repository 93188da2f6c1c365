/* nudgectl: finds the subcommand and hands over to ctl/. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/diag.h"
#include "base/log.h"
#include "ctl/command.h"

static void print_help(void)
{
    printf("Usage: nudgectl [--config FILE] COMMAND [ARGUMENT...]\n\n");
    for (const struct command *command = commands; command->name; command++)
        printf("  %-9s %s\n", command->name, command->about);
    printf("  %-9s %s\n\nSee nudgectl(1).\n", "help", "this, or the options of one command");
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
    const char *names[64];
    size_t count = 0;
    for (const struct command *command = commands; command->name && count < 63; command++)
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
    if (name && strcmp(name, "help") == 0)
        name = NULL;
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
    signal(SIGPIPE, SIG_IGN); /* a Redis that is gone is told by the call that failed */
    int status = command->run(&context, argc - optind, argv + optind);
    context_close(&context);
    return status;
}
