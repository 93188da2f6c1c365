/*
 * What the subcommands share of the command line: options are taken out of the arguments by a table
 * of each command's own (command_options), and what is wrong is told with the option or the verb
 * that may have been meant.
 */
#include "ctl/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "ctl/colour.h"
#include "ctl/exit_codes.h"

enum { OPTIONS_MOST = 24, COMMON = 3 };

const struct command *command_find(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
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

static int unknown_option(const char *command, const char *argument, size_t length,
                          const struct command_option *options)
{
    struct diag diag;
    char word[64];
    const char *names[OPTIONS_MOST + 1];
    size_t count = 0;
    for (; options->name && count < OPTIONS_MOST; options++)
        names[count++] = options->name;
    names[count] = NULL;
    diag_clear(&diag);
    snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : 0), argument);
    diag_suggest(&diag, word, names);
    command_usage(command, "no option `%.*s`%s%s", (int)length, argument, *diag.hint ? "; " : "",
                  diag.hint);
    return -1;
}

static const struct command_option *find_option(const char *argument, size_t length,
                                                const struct command_option *options)
{
    for (const struct command_option *option = options; option->name; option++)
        if (strlen(option->name) == length && memcmp(option->name, argument, length) == 0)
            return option;
    return NULL;
}

/* Takes the option at argv[*at], and its value, which may be the next argument. */
static int take_option(int argc, char **argv, int *at, const struct command_option *options)
{
    const char *argument = argv[*at], *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
    const struct command_option *option = find_option(argument, length, options);
    if (!option)
        return unknown_option(argv[0], argument, length, options);
    if (option->flag && equals)
        return command_usage(argv[0], "`%s` takes no value", option->name), -1;
    if (option->flag) {
        *option->flag = true;
        return 0;
    }
    if (!equals && *at + 1 == argc)
        return command_usage(argv[0], "`%s` needs a value", option->name), -1;
    if (option->once && *option->value)
        return command_usage(argv[0], "`%s` stands there twice: more files follow the first",
                             option->name),
               -1;
    *option->value = equals ? equals + 1 : argv[++*at];
    return 0;
}

/* The command's own options, and those that every command has. */
static void add_common(struct context *context, const struct command_option *options,
                       const char **colour, struct command_option all[OPTIONS_MOST + 1])
{
    size_t count = 0;
    for (; options && options->name && count < OPTIONS_MOST - COMMON; options++)
        all[count++] = *options;
    all[count++] = (struct command_option){.name = "--config", .value = &context->config_file};
    all[count++] = (struct command_option){.name = "-c", .value = &context->config_file};
    all[count++] = (struct command_option){.name = "--color", .value = colour};
    all[count] = (struct command_option){0};
}

struct command_listing {
    struct command_option *options;
    size_t count, most;
};

size_t command_own_options(const struct command *command, struct command_option *options,
                           size_t most)
{
    struct command_listing listing = {.options = options, .most = most};
    struct context context = {.listing = &listing};
    char name[64];
    char *argv[] = {name, NULL};
    snprintf(name, sizeof name, "%s", command->name);
    command->run(&context, 1, argv);
    return listing.count;
}

static void list_options(struct command_listing *listing, const struct command_option *all)
{
    for (; all->name && listing->count < listing->most; all++)
        listing->options[listing->count++] = *all;
}

int command_options(struct context *context, int argc, char **argv,
                    const struct command_option *options)
{
    struct command_option all[OPTIONS_MOST + 1];
    const char *colour = NULL;
    int left = 1;
    add_common(context, options, &colour, all);
    if (context->listing) {
        list_options(context->listing, all);
        return -1;
    }
    for (int at = 1; at < argc; at++) {
        if (strcmp(argv[at], "--") == 0) {
            while (++at < argc)
                argv[left++] = argv[at];
        } else if (strncmp(argv[at], "--", 2) != 0 &&
                   !find_option(argv[at], strlen(argv[at]), all)) {
            argv[left++] = argv[at]; /* "-1 + 2" is an expression */
        } else if (take_option(argc, argv, &at, all) < 0) {
            return -1;
        }
    }
    if (colour && !colour_choose(colour))
        return command_usage(argv[0], "--color takes auto, always or never, not `%s`", colour), -1;
    return left - 1;
}

bool command_no_arguments(int count, char **argv)
{
    if (count > 0)
        command_usage(argv[0], "no argument is expected: %s", argv[1]);
    return count == 0;
}

const char *command_list_most(int count, char **argv, const char *standard)
{
    if (count < 2)
        return standard;
    if (count == 2 && *argv[2] && strspn(argv[2], "0123456789") == strlen(argv[2]))
        return argv[2];
    command_usage(argv[0], "a number is expected after `ls`");
    return NULL;
}
