/* nudgectl token-key: a new line for the file of the keys that sign mailed links. */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "mail/token_keys.h"

int command_token_key(struct context *context, int argc, char **argv)
{
    const struct command_option options[] = {{0}};
    char line[TOKEN_KEYS_LINE_SIZE];
    if (!command_no_arguments(command_options(context, argc, argv, options), argv))
        return EX_USAGE;
    token_keys_new_line(line);
    fputs(line, stdout);
    return EXIT_SUCCESS;
}
