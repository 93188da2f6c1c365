/*
 * nudgectl render: one Liquid file with JSON data, read and rendered by the daemon's own code:
 * with the same leniency, the same warnings, the same names of Shopify's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "compose/compose.h"
#include "ctl/command.h"
#include "ctl/input.h"

struct rendering {
    const char *file, *data; /* data NULL: no variables */
    bool strict;             /* a warning is an error */
    const struct config *config;
    struct arena *arena;
    struct diags told; /* of the file and its snippets */
    struct diag diag;  /* why nothing can be rendered, where that is not told */
    const char *text;  /* as rendered */
};

static bool run(struct rendering *rendering, const struct templates *templates,
                const struct templates_single *single)
{
    struct arena *arena = rendering->arena;
    const struct config *config = rendering->config;
    const struct compose_settings settings = {
        .shop = &config->keys.shop, .zone = config->zone, .now_ms = clock_wall_ms()};
    struct value data = value_new_map(arena, 0);
    struct input input;
    if (rendering->data && (!input_read(arena, rendering->data, &input, &rendering->diag) ||
                            !input_object(arena, &input, &data, &rendering->diag)))
        return false;
    return compose_single(templates, single, &settings, &data, arena, &rendering->text,
                          &rendering->diag);
}

static bool render(struct rendering *rendering)
{
    const struct config *config = rendering->config;
    const struct templates_settings settings = {.folder = config->keys.templates,
                                                .default_locale = config->locale};
    struct templates_single single;
    struct input input;
    if (!input_read(rendering->arena, rendering->file, &input, &rendering->diag))
        return false;
    const struct settings_source source = {
        .file = input.name, .text = input.text, .length = input.length};
    struct templates *templates = templates_single(&settings, &source, &single, &rendering->told);
    bool done = templates && run(rendering, templates, &single);
    templates_destroy(&templates);
    return done;
}

static void print_told(const struct diags *told)
{
    size_t all = told->errors + told->warnings;
    for (size_t i = 0; i < told->count; i++)
        diag_print(&told->items[i], stderr);
    if (all > told->count)
        fprintf(stderr, "… and %zu more\n", all - told->count);
}

static int finish(struct rendering *rendering, bool done)
{
    print_told(&rendering->told);
    if (rendering->diag.text[0])
        return context_fail(&rendering->diag);
    if (!done || rendering->told.errors || (rendering->strict && rendering->told.warnings))
        return EXIT_FAILURE;
    fputs(rendering->text, stdout);
    return EXIT_SUCCESS;
}

int command_render(struct context *context, int argc, char **argv)
{
    struct rendering rendering = {0};
    const struct command_option rows[] = {{.name = "--data", .value = &rendering.data},
                                          {.name = "--strict", .flag = &rendering.strict},
                                          {0}};
    int count = command_options(context, argc, argv, rows);
    if (count < 0)
        return EX_USAGE;
    if (count != 1)
        return command_usage(argv[0], "one file is expected");
    if (rendering.data && strcmp(rendering.data, "-") == 0 && strcmp(argv[1], "-") == 0)
        return command_usage(argv[0], "only one of the two can be standard input");
    rendering.file = argv[1];
    rendering.config = context_config(context);
    if (!rendering.config)
        return EXIT_FAILURE;
    rendering.arena = arena_new(64 * 1024);
    int status = finish(&rendering, render(&rendering));
    diags_free(&rendering.told);
    arena_destroy(&rendering.arena);
    return status;
}
