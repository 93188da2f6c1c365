/* What nudgectl says of its commands. */
#ifndef NUDGED_CTL_HELP_H
#define NUDGED_CTL_HELP_H

struct context;

/* `nudgectl help [COMMAND]`; argv[0] is "help". The exit status: EX_USAGE where more is asked. */
int help_run(struct context *context, int argc, char **argv);

/* All commands, a line each; or, where `name` is a command, its options. NULL and `help` stand for
 * all. The exit status. */
int help_print(const char *name);

/* There is no such command: says so, with the nearest name. EX_USAGE. */
int help_unknown(const char *name);

#endif
