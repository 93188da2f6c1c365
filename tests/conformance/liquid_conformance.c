/*
 * liquid_conformance FILE [--strict]: runs Golden Liquid's cases. As that suite has it,
 * cases are read in lax mode, but for those tagged "strict" or "strict2", and a failure
 * that the case does not ask for is printed in its place. --strict reads all of them in
 * strict mode.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "liquid/liquid.h"

enum { FILE_MOST = 64 << 20, OUTPUT_MOST = 8 << 20 };

/* The templates that `include` and `render` name are parsed when they are used. */
struct partials {
    struct arena *arena;
    const struct value *texts;
    const struct liquid_options *options;
    struct diag *diag;
};

static const struct liquid_template *find_partial(void *context, const char *name, size_t length)
{
    struct partials *partials = context;
    const struct value *text = value_find(partials->texts, name, length);
    if (!value_is(text, VALUE_STRING))
        return NULL;
    char *file = arena_copy(partials->arena, name, length);
    return liquid_parse(partials->arena, file, text->string, text->length, partials->options,
                        partials->diag);
}

static bool has_tag(const struct value *test, const char *tag)
{
    const struct value *tags = value_get(test, "tags");
    for (uint32_t i = 0; i < value_count(tags); i++)
        if (value_is_text(&tags->list->items[i], tag))
            return true;
    return false;
}

static bool is_invalid(const struct value *test)
{
    const struct value *invalid = value_get(test, "invalid");
    return value_is(invalid, VALUE_BOOL) && invalid->boolean;
}

static bool run_case(struct arena *arena, const struct value *test, bool strict, struct buf *out,
                     struct diag *diag)
{
    struct liquid_options options = {.find = find_partial, .syntax = LIQUID_LAX};
    if (has_tag(test, "strict"))
        options.syntax = LIQUID_STRICT_VALUES;
    if (strict || has_tag(test, "strict2"))
        options.syntax = LIQUID_STRICT;
    struct partials partials = {arena, value_get(test, "templates"), &options, diag};
    const struct value *text = value_get(test, "template");
    const struct liquid_template *template =
        liquid_parse(arena, "template", text->string, text->length, &options, diag);
    struct liquid_input input = {
        .data = value_get(test, "data"),
        .context = &partials,
        .now_ms = 1704067318000,
        .go_on = !is_invalid(test),
    };
    return template && liquid_render(template, &input, arena, out, diag);
}

static bool is_result(const struct value *wanted, const struct buf *out)
{
    return value_is(wanted, VALUE_STRING) && wanted->length == out->length &&
           memcmp(wanted->string, buf_string(out), out->length) == 0;
}

static bool is_wanted(const struct value *test, bool rendered, const struct buf *out)
{
    const struct value *results = value_get(test, "results");
    if (is_invalid(test))
        return !rendered;
    if (!rendered)
        return false;
    for (uint32_t i = 0; i < value_count(results); i++)
        if (is_result(&results->list->items[i], out))
            return true;
    return is_result(value_get(test, "result"), out);
}

static void print_failure(const struct value *test, bool rendered, const struct buf *out,
                          const struct diag *diag)
{
    struct buf text;
    buf_init(&text, OUTPUT_MOST);
    buf_text(&text, "FAIL ");
    json_print(&text, value_get(test, "name"));
    buf_text(&text, "\n  expected ");
    const struct value *result = value_get(test, "result"), *results = value_get(test, "results");
    if (result || results)
        json_print(&text, result ? result : results);
    else
        buf_text(&text, "an error");
    buf_text(&text, "\n  got      ");
    if (rendered)
        json_print_string(&text, buf_string(out), out->length);
    else
        diag_line(diag, &text);
    puts(buf_string(&text));
    buf_free(&text);
}

static bool read_cases(struct arena *arena, const char *path, struct value *cases)
{
    static const struct json_limits limits = {FILE_MOST, 64, 4 << 20, true};
    const char *text;
    size_t length;
    struct diag diag = {0};
    if (file_read(arena, path, FILE_MOST, &text, &length, &diag) &&
        json_read(arena, text, length, &limits, cases, &diag) && value_is(cases, VALUE_LIST))
        return true;
    diag_print(&diag, stderr);
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "--strict") != 0)) {
        fprintf(stderr, "usage: liquid_conformance FILE [--strict]\n");
        return 2;
    }
    struct arena *file = arena_new(1 << 20), *arena = arena_new(64 << 10);
    struct value cases;
    unsigned passed = 0, failed = 0;
    struct buf out;
    buf_init(&out, OUTPUT_MOST);
    bool read = read_cases(file, argv[1], &cases);
    for (uint32_t i = 0; read && i < cases.list->count; i++) {
        const struct value *test = &cases.list->items[i];
        struct diag diag = {0};
        arena_reset(arena);
        buf_clear(&out);
        bool rendered = run_case(arena, test, argc == 3, &out, &diag);
        bool good = is_wanted(test, rendered, &out);
        if (!good)
            print_failure(test, rendered, &out, &diag);
        passed += good;
        failed += !good;
    }
    printf("%u passed, %u failed\n", passed, failed);
    buf_free(&out);
    arena_destroy(&arena);
    arena_destroy(&file);
    return !read || failed ? 1 : 0;
}
