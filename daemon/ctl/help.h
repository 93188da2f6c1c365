/* What nudgectl says of its commands. */
#ifndef NUDGED_CTL_HELP_H
#define NUDGED_CTL_HELP_H

/* All commands, a line each; or, where `name` is a command, its options. NULL, `help` and an
 * option stand for all. The exit status. */
int help_print(const char *name);

/* There is no such command: says so, with the nearest name. EX_USAGE. */
int help_unknown(const char *name);

#endif
