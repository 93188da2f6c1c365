/* The subcommands of nudgectl: one file and one row of the table each. */
#ifndef NUDGED_CTL_COMMAND_H
#define NUDGED_CTL_COMMAND_H

#include <stdbool.h>

#include "ctl/context.h"

struct command {
    const char *name;
    const char *arguments; /* "[FILE...]" */
    const char *about;     /* one line */
    const char *options;   /* lines of help on its options; NULL: it has none */
    const char *examples;  /* whole lines of help, indented by two */
    /* Of its arguments, for completion: words, each with the kinds of what follows it; one without
     * a word stands for arguments that follow none: "ls pause:rule resume:rule", ":file". The last
     * kind is that of all further ones. Kinds: file, folder, rule, template, gateway, channel,
     * customer, list. NULL: nobody can say. */
    const char *words;
    const char *no_json; /* why it has no --json; NULL: it has one */
    /* argv[0] is the command's name. The exit status is one of ctl/exit_codes.h. */
    int (*run)(struct context *context, int argc, char **argv);
};

/* Ends with a row without a name. */
extern const struct command commands[];

/* NULL where there is none. */
const struct command *command_find(const char *name);

int command_check(struct context *context, int argc, char **argv);
int command_customer(struct context *context, int argc, char **argv);
int command_dead(struct context *context, int argc, char **argv);
int command_diff(struct context *context, int argc, char **argv);
int command_demo(struct context *context, int argc, char **argv);
int command_eval(struct context *context, int argc, char **argv);
int command_reshard(struct context *context, int argc, char **argv);
int command_explain(struct context *context, int argc, char **argv);
int command_codes(struct context *context, int argc, char **argv);
int command_rule(struct context *context, int argc, char **argv);
int command_graph(struct context *context, int argc, char **argv);
int command_gateway(struct context *context, int argc, char **argv);
int command_feedback(struct context *context, int argc, char **argv);
int command_outbox(struct context *context, int argc, char **argv);
int command_preview(struct context *context, int argc, char **argv);
int command_push(struct context *context, int argc, char **argv);
int command_reload(struct context *context, int argc, char **argv);
int command_token_key(struct context *context, int argc, char **argv);
int command_render(struct context *context, int argc, char **argv);
int command_simulate(struct context *context, int argc, char **argv);
int command_status(struct context *context, int argc, char **argv);
int command_stop(struct context *context, int argc, char **argv);
int command_suppress(struct context *context, int argc, char **argv);
int command_top(struct context *context, int argc, char **argv);
int command_test(struct context *context, int argc, char **argv);
int command_uncertain(struct context *context, int argc, char **argv);
int command_webhook(struct context *context, int argc, char **argv);

/* An option: "--name VALUE" or "--name=VALUE" fills *value, "--name" alone sets *flag. */
struct command_option {
    const char *name; /* "--event" */
    const char **value;
    bool *flag;
    bool once; /* a second value would hide the first */
};

/* The table that the command gives to command_options, for completion, with those that every
 * command has. `most` rows; how many there are. */
size_t command_own_options(const struct command *command, struct command_option *options,
                           size_t most);

/* Takes the options (the table ends with a row without a name; NULL: there are none) out of
 * argv, wherever they stand before a "--"; and "--config FILE" or "-c FILE" and "--color WHEN",
 * which every command has. The number of arguments that are left, in argv[1] and on; -1 after a
 * fault, which was printed: EX_USAGE. */
int command_options(struct context *context, int argc, char **argv,
                    const struct command_option *options);

/* Whether command_options left no argument; false after a fault, which was printed: EX_USAGE. */
bool command_no_arguments(int count, char **argv);

/* How many `ls [N]` is to show, in digits: N, or `standard`. NULL after a fault, which was
 * printed: EX_USAGE. */
const char *command_list_most(int count, char **argv, const char *standard);

/* Says what is wrong with the command line; EX_USAGE. */
int command_usage(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
