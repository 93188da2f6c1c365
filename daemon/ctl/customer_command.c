/* nudgectl customer: all that is kept of a person, to be shown, handed over, brought back or
 * erased. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ctl/command.h"
#include "ctl/customer_import.h"
#include "ctl/exit_codes.h"
#include "ctl/plain.h"
#include "ctl/subject.h"
#include "ctl/subject_erase.h"
#include "ctl/subject_export.h"
#include "ctl/subject_show.h"

struct customer_options {
    bool yes, dry, json, archive, journeys, after_erasure;
};

typedef int customer_verb(struct subject *subject, const struct customer_options *options);

static int erase(struct subject *subject, const struct customer_options *options)
{
    const struct subject_erase how = {
        .yes = options->yes, .dry = options->dry, .json = options->json};
    return subject_erase_run(subject, &how);
}

static int unknown(const struct subject *subject)
{
    fprintf(stderr, "nudgectl: nothing is known of the customer %s\n",
            plain_of(subject->arena, subject->key));
    return EXIT_CODE_NO;
}

static bool add_archive(const struct subject *subject, struct value *all, struct diag *diag)
{
    const char *folder = subject->context->config->keys.archive.folder;
    if (!folder)
        return diag_error(diag, "the configuration has no `archive.folder`");
    return subject_export_archive(subject, folder, all, diag);
}

static int export(struct subject *subject, const struct customer_options *options)
{
    struct diag diag = {0};
    struct buf text;
    struct value all = subject_export_value(subject);
    if (options->archive && !add_archive(subject, &all, &diag))
        return context_fail(&diag);
    if (!options->archive && !subject_is_known(subject))
        return unknown(subject);
    buf_init(&text, SIZE_MAX / 2);
    json_print_pretty(&text, &all);
    plain_json(buf_string(&text), text.length);
    printf("\n");
    buf_free(&text);
    return EXIT_SUCCESS;
}

static int show(struct subject *subject, const struct customer_options *options)
{
    if (options->json)
        return export(subject, options);
    if (!subject_is_known(subject))
        return unknown(subject);
    subject_show(subject);
    return EXIT_SUCCESS;
}

static const struct {
    const char *word;
    customer_verb *run;
} verbs[] = {{"show", show}, {"export", export}, {"erase", erase}};

enum { VERBS = sizeof verbs / sizeof *verbs };

static int run(struct context *context, const char *name, customer_verb *verb,
               const struct customer_options *options)
{
    struct diag diag = {0};
    int status = EXIT_FAILURE;
    const struct shards *shards = shards_open(context);
    if (!shards)
        return EXIT_FAILURE;
    struct subject *subject = subject_open(context, shards, name, &status);
    if (subject)
        status = subject_read(subject, &diag) ? verb(subject, options) : context_fail(&diag);
    subject_close(&subject);
    return status;
}

static int import(struct context *context, const struct customer_options *asked, int count,
                  char **argv)
{
    const struct customer_import how = {.journeys = asked->journeys,
                                        .after_erasure = asked->after_erasure};
    if (count < 2)
        return command_usage(argv[0], "a file is expected, or - for standard input");
    argv[count + 1] = NULL;
    return customer_import_run(context, &how, argv + 2);
}

int command_customer(struct context *context, int argc, char **argv)
{
    struct customer_options asked = {0};
    const struct command_option options[] = {
        {.name = "--yes", .flag = &asked.yes},
        {.name = "--dry-run", .flag = &asked.dry},
        {.name = "--json", .flag = &asked.json},
        {.name = "--archive", .flag = &asked.archive},
        {.name = "--journeys", .flag = &asked.journeys},
        {.name = "--after-erasure", .flag = &asked.after_erasure},
        {0}};
    int count = command_options(context, argc, argv, options);
    int verb = 0;
    if (count < 0)
        return EX_USAGE;
    if (count && strcmp(argv[1], "import") == 0)
        return import(context, &asked, count, argv);
    while (count && verb < VERBS && strcmp(argv[1], verbs[verb].word) != 0)
        verb++;
    if (!count || verb == VERBS)
        return command_usage(argv[0], "`show`, `export`, `erase` or `import` is expected");
    if (count != 2)
        return command_usage(argv[0], "one customer is expected, such as id:7 or ana@example.com");
    return run(context, argv[2], verbs[verb].run, &asked);
}
