/* nudgectl customer: all that is kept of a person, to be shown, handed over, brought back or
 * erased. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/exit_codes.h"
#include "ctl/plain.h"
#include "ctl/subject.h"
#include "ctl/subject_erase.h"

struct customer_options {
    bool yes, dry, json;
};

typedef int customer_verb(struct subject *subject, const struct customer_options *options);

static int erase(struct subject *subject, const struct customer_options *options)
{
    const struct subject_erase how = {
        .yes = options->yes, .dry = options->dry, .json = options->json};
    return subject_erase_run(subject, &how);
}

static const struct {
    const char *word;
    customer_verb *run;
} verbs[] = {{"erase", erase}};

enum { VERBS = sizeof verbs / sizeof *verbs };

static int run(struct context *context, const char *name, customer_verb *verb,
               const struct customer_options *options)
{
    struct diag diag = {0};
    int status = EXIT_FAILURE;
    struct session *session = context_session(context);
    if (!session)
        return EXIT_FAILURE;
    struct subject *subject = subject_open(context, session, name, &status);
    if (subject)
        status = subject_read(subject, &diag) ? verb(subject, options) : context_fail(&diag);
    subject_close(&subject);
    session_close(&session);
    return status;
}

int command_customer(struct context *context, int argc, char **argv)
{
    struct customer_options asked = {0};
    const struct command_option options[] = {{.name = "--yes", .flag = &asked.yes},
                                             {.name = "--dry-run", .flag = &asked.dry},
                                             {.name = "--json", .flag = &asked.json},
                                             {0}};
    int count = command_options(context, argc, argv, options);
    int verb = 0;
    if (count < 0)
        return EX_USAGE;
    while (count && verb < VERBS && strcmp(argv[1], verbs[verb].word) != 0)
        verb++;
    if (!count || verb == VERBS)
        return command_usage(argv[0], "`show`, `export`, `erase` or `import` is expected");
    if (count != 2)
        return command_usage(argv[0], "one customer is expected, such as id:7 or ana@example.com");
    return run(context, argv[2], verbs[verb].run, &asked);
}
