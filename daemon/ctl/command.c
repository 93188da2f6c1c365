/*
 * The table of the subcommands, with the help on each; below it what they share of the command
 * line: options are taken out of the arguments by a table of their own (command_options), and what
 * is wrong is told with the option or the verb that may have been meant.
 */
#include "ctl/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/diag.h"
#include "ctl/selection_help.h"

enum { OPTIONS_MOST = 16 };

const struct command commands[] = {
    {"push", "[FILE...]",
     "push events, JSON objects or a list of them, from files or standard input", "", command_push},
    {"check", "[--strict]", "check the configuration, all rules and all templates",
     "  --strict  a warning fails too: the exit status is 1\n", command_check},
    {"preview", "[--event FILE] [--locale NAME] [--as FORM] [--open] TEMPLATE",
     "a message as it would leave",
     "  --event FILE   the event that it answers, as JSON (- for standard input);\n"
     "                 default: a sample of rules/events.yaml\n"
     "  --locale NAME  in that language, such as ro\n"
     "  --as FORM      text: the main headers and the text part (the default)\n"
     "                 html: the HTML part\n"
     "                 eml: all of it, as its gateway gets it\n"
     "                 source: the files of the template folder that it is made from\n"
     "  --open         opens it in the browser; html, where no other form is asked for\n",
     command_preview},
    {"render", "[--data FILE] [--strict] TEMPLATE", "render any one Liquid file",
     "  --data FILE  what its variables are, one JSON object (- for standard input)\n"
     "  --strict     a warning fails too: nothing is printed, and the exit status is 1\n",
     command_render},
    {"eval", "[--event FILE] [--customer FILE] [--table FILE] [--trace] EXPRESSION",
     "what an expression gives, as a rule's condition would see it",
     "  --event FILE     the event, as JSON (- for standard input)\n"
     "  --customer FILE  what is known of the customer: a JSON object of the fields, or the\n"
     "                   document as it stands in Redis, which has the counts too\n"
     "  --table FILE     what lookup() finds: a JSON object of tables, {\"stock\": {\"TEA\": 3}}\n"
     "  --trace          every part of the expression with its value\n",
     command_eval},
    {"test",
     "[--rules DIR] [--filter TEXT] [--tap] [--junit FILE] [--update] [-v] [FILE|FOLDER...]",
     "run rule tests: what comes of given events, without a daemon",
     "  --rules DIR    the rules that are tested, and where tests are looked for; default: those "
     "of\n"
     "                 the configuration\n"
     "  --filter TEXT  only tests with that in their names\n"
     "  --tap          prints TAP, version 13\n"
     "  --junit FILE   writes JUnit's XML as well\n"
     "  --update       writes what happened into the expectations that are not met\n"
     "  -v, --verbose  each test with all that happened in it\n"
     "Exit status: 0 all passed, 1 one failed or there was none, 65 a file cannot be read.\n",
     command_test},
    {"explain", "[--json] CUSTOMER", "what was decided about a customer, and why",
     "  --json      the trace as it is stored, one JSON object a line\n", command_explain},
    {"feedback", "[--recipient ADDRESS] [--unsigned]",
     "a bounce or a complaint, from standard input, as a mail server hands it over",
     "  --recipient ADDRESS  to which it came; default: as its header says\n"
     "  --unsigned           suppresses the address that it names also where nothing shows that\n"
     "                       it is about a mail of ours: for reports that you have looked at\n",
     command_feedback},
    {"dead", "[ls [N] | show ID... | retry ID... | drop ID...] [OPTION...]",
     "the dead letters, and what is to become of them",
     "  ls      the newest, at most N (50); all take a letter's id, or its message's\n"
     "  show    all of a letter\n"
     "  retry   a message goes out after all, and counts anew under limits and caps;\n"
     "          an event is pushed again; a timer is due\n"
     "  drop    deletes the letters\n" SELECTION_HELP,
     command_dead},
    {"outbox", "[ls [N] | show MID... | retry MID... | drop MID...] [OPTION...]",
     "the messages that wait to be sent, and what is to become of them",
     "  ls      what is queued, in a sender's hand or waits for its next try: N (50)\n"
     "  show    all of a message\n"
     "  retry   what waits for its next try is due now\n"
     "  drop    makes them dead letters; one in a sender's hand unless it is "
     "delivered\n" SELECTION_HELP,
     command_outbox},
    {"uncertain", "[ls [N] | show MID... | retry MID... | drop MID...] [OPTION...]",
     "messages that were perhaps sent, and wait for your word",
     "  ls      those that are held, the oldest first, at most N (50)\n"
     "  show    all of a message\n"
     "  retry   sends them once more, through the same gateway (formerly `resend`)\n"
     "  drop    makes them dead letters\n" SELECTION_HELP,
     command_uncertain},
    {"suppress", "[ls [N] | add ADDRESS... | rm ADDRESS... | import FILE | export] [OPTION...]",
     "addresses that must not be written to",
     "  ls             keyed hashes of addresses, since when and why, at most N (50)\n"
     "  add            suppresses addresses\n"
     "  rm             lifts that, of addresses or of hashes as `ls` shows them\n"
     "  import         a list: an address a line, a CSV with a header (as SendGrid, Mailgun\n"
     "                 and Postmark export theirs), JSON lines; - for standard input\n"
     "  export         the list as JSON lines, which `import` reads again\n"
     "  --reason WORD  add, import: why; ls, export: those of that reason\n"
     "  --csv          export: as CSV\n"
     "  --json         ls: one JSON object a line\n",
     command_suppress},
    {"gateway", "[ls | pause NAME... | resume NAME... | test NAME --to ADDRESS] [--json]",
     "the gateways over all daemons; pausing one, or testing it",
     "  ls            breaker, last failure, what waits, how much of the rate is used\n"
     "  pause         nothing is taken for it any more; what has begun goes on\n"
     "  resume        it goes on\n"
     "  test          sends one real message through it, and shows all that was said\n"
     "  --to ADDRESS  test: to whom\n"
     "  --json        ls: one JSON object a line\n",
     command_gateway},
    {"codes", "[ls | load LIST FILE] [--json]", "lists of codes, of which sends take one",
     "  ls      how many are left of each list\n"
     "  load    puts the codes of a file into a list, one a line; what the list ever had is\n"
     "          passed over\n"
     "  --json  ls: one JSON object a line\n",
     command_codes},
    {"rule", "[ls | pause NAME... | resume NAME...] [--json]",
     "the rules, and which are paused; pausing one",
     "  ls      also since when, by whom, and to how many customers sends wait\n"
     "  pause   its matches start nothing any more, its sends wait; what is in the outbox goes\n"
     "  resume  it goes on: what waits is asked again, policy.brake counts anew\n"
     "  --json  ls: one JSON object a line\n",
     command_rule},
    {"status", "[--json]", "what the daemon is doing", "  --json  the same as one JSON object\n",
     command_status},
    {"reload", "", "read rules and templates again", "", command_reload},
    {"stop", "", "end the daemon, as SIGTERM does", "", command_stop},
    {"demo", "[--folder DIR] [--examples DIR] [--keep]", "all of it at once, on this machine",
     "  --folder DIR    where its files lie (default: a new one below the temporary folder)\n"
     "  --examples DIR  the rules, templates and events that it shows (default: the installed)\n"
     "  --keep          leaves the daemon running when it is over\n",
     command_demo},
    {0},
};

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
    *option->value = equals ? equals + 1 : argv[++*at];
    return 0;
}

/* The command's own options, and those that every command has. */
static void add_common(struct context *context, const struct command_option *options,
                       struct command_option all[OPTIONS_MOST + 1])
{
    size_t count = 0;
    for (; options && options->name && count < OPTIONS_MOST - 2; options++)
        all[count++] = *options;
    all[count++] = (struct command_option){.name = "--config", .value = &context->config_file};
    all[count++] = (struct command_option){.name = "-c", .value = &context->config_file};
    all[count] = (struct command_option){0};
}

int command_options(struct context *context, int argc, char **argv,
                    const struct command_option *options)
{
    struct command_option all[OPTIONS_MOST + 1];
    int left = 1;
    add_common(context, options, all);
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
