/* nudgectl check: configuration, rules and templates, as a start would read them, and
 * what a start would let pass with a warning. */
#include <stdio.h>
#include <stdlib.h>

#include "app/generation.h"
#include "ctl/command.h"

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

int command_check(struct context *context, int argc, char **argv)
{
    struct diags diags = {0};
    if (argc > 1)
        return command_usage(argv[0], "no argument is expected: %s", argv[1]);
    const struct config *config = context_config(context);
    if (!config)
        return EXIT_FAILURE;
    struct generation *generation = generation_load(config, &diags);
    if (generation)
        templates_check(generation->templates, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stdout);
    size_t shown = diags.count, all = diags.errors + diags.warnings;
    if (shown < all)
        printf("… and %zu more\n", all - shown);
    printf("%zu error%s, %zu warning%s", diags.errors, plural(diags.errors), diags.warnings,
           plural(diags.warnings));
    if (generation)
        printf("; %zu rules, %zu templates", ruleset_count(generation->rules),
               templates_count(generation->templates));
    printf("\n");
    bool good = generation != NULL;
    generation_release(&generation);
    diags_free(&diags);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
