/* nudgectl check: configuration, rules and templates, as a start would read them, and
 * what a start would let pass with a warning. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "app/generation.h"
#include "ctl/check_messages.h"
#include "ctl/check_variables.h"
#include "ctl/command.h"

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* By file, line and column; what has no place comes first in its file. */
static int by_place(const void *a, const void *b)
{
    const struct diag *one = a, *two = b;
    int files = strcmp(one->file, two->file);
    if (files)
        return files;
    if (one->line != two->line)
        return one->line < two->line ? -1 : 1;
    return one->column < two->column ? -1 : one->column > two->column;
}

int command_check(struct context *context, int argc, char **argv)
{
    struct diags diags = {0};
    if (!command_alone(argc, argv))
        return EX_USAGE;
    struct config *config = context_config(context);
    if (!config)
        return EXIT_FAILURE;
    struct generation *generation = generation_load(config, &diags);
    if (generation) {
        templates_check(generation->templates, &diags);
        check_variables(config, generation, &diags);
        check_messages(config, generation, &diags);
    }
    if (diags.count)
        qsort(diags.items, diags.count, sizeof *diags.items, by_place);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stdout);
    size_t shown = diags.count, all = diags.errors + diags.warnings;
    if (shown < all)
        printf("… and %zu more\n", all - shown);
    printf("%zu error%s, %zu warning%s", diags.errors, plural(diags.errors), diags.warnings,
           plural(diags.warnings));
    if (generation)
        printf("; %zu rule%s, %zu template%s", ruleset_count(generation->rules),
               plural(ruleset_count(generation->rules)), templates_count(generation->templates),
               plural(templates_count(generation->templates)));
    printf("\n");
    bool good = generation != NULL;
    generation_release(&generation);
    diags_free(&diags);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
