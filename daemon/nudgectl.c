/* nudgectl: finds the subcommand and hands over to ctl/. */
#include <ctype.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

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
    if (name && (strcmp(name, "help") == 0 || *name == '-'))
        name = NULL;
    const struct command *command = name ? find(name) : NULL;
    if (name && !command)
        return unknown(name);
    if (!command)
        print_help();
    else
        printf("Usage: nudgectl %s%s%s\n%c%s.\n%s%s", command->name, *command->arguments ? " " : "",
               command->arguments, toupper((unsigned char)command->about[0]), command->about + 1,
               *command->options ? "\n" : "", command->options);
    return EXIT_SUCCESS;
}

/* "--help" or "-h" among a command's arguments, as far as a "--". */
static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* What was printed must have been written. Whose reader has gone (`| head`) is told nothing. */
static int finish(int status)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    bool gone = poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
    if (!gone)
        fprintf(stderr, "nudgectl: standard output cannot be written\n");
    return status ? status : EXIT_FAILURE;
}

static int run(struct context *context, int argc, char **argv)
{
    if (argc == 0 || strcmp(argv[0], "help") == 0)
        return help(argc > 1 ? argv[1] : NULL);
    const struct command *command = find(argv[0]);
    if (!command)
        return unknown(argv[0]);
    if (asks_for_help(argc, argv))
        return help(command->name);
    log_set_level(LOG_LEVEL_WARNING);
    int status = command->run(context, argc, argv);
    context_close(context);
    return status;
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
    signal(SIGPIPE, SIG_IGN); /* a Redis that is gone is told by the call that failed */
    while ((option = getopt_long(argc, argv, "+c:h", options, NULL)) != -1) {
        if (option == 'c') {
            context.config_file = optarg;
        } else if (option == 'h') {
            return finish(help(NULL));
        } else if (option == 'v') {
            printf("nudgectl %s\n", PACKAGE_VERSION);
            return finish(EXIT_SUCCESS);
        } else {
            fprintf(stderr, "hint: `nudgectl help`\n");
            return EX_USAGE;
        }
    }
    return finish(run(&context, argc - optind, argv + optind));
}
