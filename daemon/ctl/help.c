/* nudgectl help: the commands, or the options of one. */
#include "ctl/help.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/diag.h"
#include "ctl/command.h"

static void print_all(void)
{
    printf("Usage: nudgectl COMMAND [ARGUMENT...] [--config FILE]\n\n");
    for (const struct command *command = commands; command->name; command++)
        printf("  %-9s %s\n", command->name, command->about);
    printf("  %-9s %s\n\n", "help", "this, or the options of one command");
    printf("  -c, --config FILE  the configuration, before or behind the command\n"
           "                     (default: %s)\n"
           "  --color WHEN       auto (on a terminal, unless NO_COLOR is set), always or never\n\n"
           "`nudgectl COMMAND --help` has options and examples; see also nudgectl(1).\n",
           NUDGED_CONFIG);
}

static void print_one(const struct command *command)
{
    printf("Usage: nudgectl %s%s%s\n%c%s.\n", command->name, *command->arguments ? " " : "",
           command->arguments, toupper((unsigned char)command->about[0]), command->about + 1);
    if (command->options)
        printf("\n%s", command->options);
    printf("\n%s:\n%s", strchr(command->examples, '\n')[1] ? "Examples" : "Example",
           command->examples);
}

int help_unknown(const char *name)
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

int help_print(const char *name)
{
    if (name && strcmp(name, "help") == 0)
        name = NULL;
    const struct command *command = name ? command_find(name) : NULL;
    if (name && !command)
        return help_unknown(name);
    if (command)
        print_one(command);
    else
        print_all();
    return EXIT_SUCCESS;
}

int help_run(struct context *context, int argc, char **argv)
{
    int count = command_options(context, argc, argv, NULL);
    if (count < 0)
        return EX_USAGE;
    if (count > 1)
        return command_usage(argv[0], "one command is expected, not `%s` too", argv[2]);
    return help_print(count ? argv[1] : NULL);
}
