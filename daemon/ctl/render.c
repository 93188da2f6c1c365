/*
 * nudgectl render: any Liquid file with JSON data. Nothing is escaped. What it renders or
 * includes is found beside it, as NAME.liquid, or there in snippets/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/map.h"
#include "ctl/command.h"
#include "ctl/input.h"
#include "liquid/liquid.h"
#include "templates/filter_context.h"
#include "templates/filter_table.h"

enum { OUTPUT_MOST = 64 * 1024 * 1024 };

/* What filters and find() get. */
struct rendering {
    struct filter_context filters; /* first: filters know only this */
    struct arena *arena;           /* of the templates and the data */
    const char *folder;
    struct map *partials; /* name: struct liquid_template */
};

static const struct liquid_template *find_partial(void *context, const char *name, size_t length);

static const struct liquid_options options = {
    .filters = filter_table, .find = find_partial, .strict_filters = true};

static const struct liquid_template *read_template(struct arena *arena, const char *name,
                                                   struct diag *diag)
{
    struct input input;
    if (!input_read(arena, name, &input, diag))
        return NULL;
    return liquid_parse(arena, input.name, input.text, input.length, &options, diag);
}

/* A fault in it is printed here: the render says only that there is none. */
static const struct liquid_template *find_partial(void *context, const char *name, size_t length)
{
    struct rendering *rendering = context;
    static const char *const places[] = {"%s/%.*s.liquid", "%s/snippets/%.*s.liquid"};
    const struct liquid_template *found = map_get(rendering->partials, name, length);
    for (size_t i = 0; i < 2 && !found && length < FILENAME_MAX; i++) {
        struct diag diag = {0};
        char path[2 * FILENAME_MAX];
        snprintf(path, sizeof path, places[i], rendering->folder, (int)length, name);
        if (access(path, F_OK) != 0)
            continue;
        found = read_template(rendering->arena, arena_text(rendering->arena, path), &diag);
        if (!found)
            context_fail(&diag);
        else
            map_put(rendering->partials, name, length, (void *)found);
    }
    return found;
}

static const char *folder_of(struct arena *arena, const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? arena_copy(arena, file, (size_t)(slash - file)) : ".";
}

/* `shop` and `locale` of the data go before those of the configuration. */
static void begin(struct rendering *rendering, const struct config *config,
                  const struct value *data)
{
    struct arena *arena = rendering->arena;
    const struct value *shop = value_get(data, "shop");
    const char *locale = value_to_text(arena, value_get(data, "locale"));
    struct diags ignored = {0};
    rendering->filters = (struct filter_context){
        .locale = locale ? locale : config->locale,
        .shop = value_is(shop, VALUE_MAP) ? shop : &config->keys.shop,
        .zone = config->zone,
    };
    /* Without a folder of translations that is sound, every key is missing. */
    rendering->filters.translate =
        translate_load(arena, config->keys.templates, config->locale, &ignored);
    diags_free(&ignored);
}

static bool render(struct rendering *rendering, const struct config *config, const char *file,
                   const char *data_file, struct diag *diag)
{
    struct arena *arena = rendering->arena;
    struct value data = value_new_map(arena, 0);
    struct input input;
    const struct liquid_template *template = read_template(arena, file, diag);
    if (!template)
        return false;
    if (data_file &&
        (!input_read(arena, data_file, &input, diag) || !input_object(arena, &input, &data, diag)))
        return false;
    rendering->folder = folder_of(arena, file);
    begin(rendering, config, &data);
    const struct liquid_input how = {
        .data = &data, .context = rendering, .now_ms = clock_wall_ms(), .zone = config->zone};
    struct buf out;
    buf_init(&out, OUTPUT_MOST);
    bool done = liquid_render(template, &how, arena, &out, diag);
    if (done)
        fwrite(buf_string(&out), 1, out.length, stdout);
    buf_free(&out);
    return done;
}

int command_render(struct context *context, int argc, char **argv)
{
    const char *data_file = NULL;
    struct diag diag = {0};
    const struct command_option rows[] = {{.name = "--data", .value = &data_file}, {0}};
    int count = command_options(context, argc, argv, rows);
    if (count < 0)
        return EX_USAGE;
    if (count != 1)
        return command_usage(argv[0], "one file is expected");
    if (data_file && strcmp(data_file, "-") == 0 && strcmp(argv[1], "-") == 0)
        return command_usage(argv[0], "only one of the two can be standard input");
    const struct config *config = context_config(context);
    if (!config)
        return EXIT_FAILURE;
    struct rendering rendering = {.arena = arena_new(64 * 1024), .partials = map_new()};
    int status =
        render(&rendering, config, argv[1], data_file, &diag) ? EXIT_SUCCESS : context_fail(&diag);
    map_destroy(&rendering.partials);
    arena_destroy(&rendering.arena);
    return status;
}
