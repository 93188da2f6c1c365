/* nudgectl: finds the subcommand and hands over to ctl/. */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/colour.h"
#include "ctl/command.h"
#include "ctl/complete.h"
#include "ctl/exit_codes.h"
#include "ctl/help.h"

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
    return status ? status : EX_IOERR;
}

static int run(struct context *context, int argc, char **argv)
{
    if (argc == 0)
        return help_print(NULL);
    if (strcmp(argv[0], "help") == 0)
        return asks_for_help(argc, argv) ? help_print(NULL) : help_run(context, argc, argv);
    if (strcmp(argv[0], "complete") == 0)
        return complete_print(context, argc - 1, argv + 1);
    const struct command *command = command_find(argv[0]);
    if (!command)
        return help_unknown(argv[0]);
    if (asks_for_help(argc, argv))
        return help_print(command->name);
    log_set_level(LOG_LEVEL_WARNING);
    int status = command->run(context, argc, argv);
    context_close(context);
    return status == EXIT_FAILURE && context->trouble ? context->trouble : status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"color", required_argument, NULL, 'C'},
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
        } else if (option == 'C' && colour_choose(optarg)) {
            continue;
        } else if (option == 'h') {
            return finish(help_print(NULL));
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
