/* nudgectl check: configuration, rules and templates, as a start would read them, and
 * what a start would let pass with a warning. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config/generation.h"
#include "ctl/check_messages.h"
#include "ctl/check_requests.h"
#include "ctl/check_variables.h"
#include "ctl/check_web.h"
#include "ctl/colour.h"
#include "ctl/command.h"
#include "ctl/json_line.h"

enum { FINDING_MOST = 8192 };

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

/* All of them, as far as what they look at can be read; NULL where there was an error. */
static struct generation *run_checks(struct context *context, struct diags *diags)
{
    struct config *config = context_read(context, diags);
    struct generation *generation = config ? generation_load(config, diags) : NULL;
    if (generation) {
        templates_check(generation->templates, diags);
        check_variables(config, generation, diags);
        check_messages(config, generation, diags);
        check_requests(config, generation, diags);
        check_web(config, diags);
    }
    return generation;
}

static void print_coloured(enum colour colour, const char *text, size_t length)
{
    printf("%s%.*s%s", colour_begin(colour), (int)length, text, colour_end(colour));
}

/* The place, the level, the caret and the hint are coloured, the words stay as they are. */
static void print_finding(const struct diag *diag)
{
    bool bad = diag->level == DIAG_ERROR;
    struct buf text;
    buf_init(&text, FINDING_MOST);
    diag_format(diag, &text);
    const char *line = buf_string(&text),
               *word = strstr(line + strlen(diag->file), bad ? "error: " : "warning: ");
    const size_t head = (size_t)(word - line), level = strcspn(word, ":") + 1;
    print_coloured(COLOUR_STRONG, line, head);
    print_coloured(bad ? COLOUR_BAD : COLOUR_WARN, word, level);
    line = word + level;
    for (size_t length; *line; line += length + (line[length] == '\n')) {
        length = strcspn(line, "\n");
        bool caret = line[strspn(line, " ")] == '^', hint = strncmp(line, "hint: ", 6) == 0;
        print_coloured(caret ? COLOUR_GOOD : hint ? COLOUR_FAINT : COLOUR_PLAIN, line, length);
        printf("\n");
    }
    buf_free(&text);
}

static void print_all(const struct diags *diags)
{
    if (diags->count)
        qsort(diags->items, diags->count, sizeof *diags->items, by_place);
    for (size_t i = 0; i < diags->count; i++)
        print_finding(&diags->items[i]);
    size_t shown = diags->count, all = diags->errors + diags->warnings;
    if (shown < all)
        printf("… and %zu more\n", all - shown);
    printf("%zu error%s, %zu warning%s", diags->errors, plural(diags->errors), diags->warnings,
           plural(diags->warnings));
}

/* `configured`: the configuration could be read, which tells where all else is. */
static void print_people(const struct diags *diags, const struct generation *generation,
                         bool configured)
{
    print_all(diags);
    if (!configured)
        printf("; rules and templates were not looked at");
    if (generation)
        printf("; %zu rule%s, %zu template%s", ruleset_count(generation->rules),
               plural(ruleset_count(generation->rules)), templates_count(generation->templates),
               plural(templates_count(generation->templates)));
    printf("\n");
}

/* ---- JSON ---- */

static void put_text(struct arena *arena, struct value row, const char *name, const char *text)
{
    if (*text)
        value_set(arena, row, name, value_text(text));
}

static void put_place(struct arena *arena, struct value row, const char *name, uint32_t number)
{
    if (number)
        value_set(arena, row, name, value_int(number));
}

static struct value finding(const struct diag *diag, struct arena *arena)
{
    struct value row = value_new_map(arena, 7);
    value_set(arena, row, "level", value_text(diag->level == DIAG_ERROR ? "error" : "warning"));
    put_text(arena, row, "file", diag->file);
    put_place(arena, row, "line", diag->line);
    put_place(arena, row, "column", diag->column);
    put_text(arena, row, "code", diag->code);
    put_text(arena, row, "text", diag->text);
    put_text(arena, row, "hint", diag->hint);
    return row;
}

static void print_json(const struct diags *diags, const struct generation *generation)
{
    struct arena *arena = arena_new(16 * 1024);
    struct value all = value_new_map(arena, 5),
                 found = value_new_list(arena, (uint32_t)diags->count);
    if (diags->count)
        qsort(diags->items, diags->count, sizeof *diags->items, by_place);
    for (size_t i = 0; i < diags->count; i++)
        value_push(arena, found, finding(&diags->items[i], arena));
    value_set(arena, all, "errors", value_int((int64_t)diags->errors));
    value_set(arena, all, "warnings", value_int((int64_t)diags->warnings));
    if (generation) {
        value_set(arena, all, "rules", value_int((int64_t)ruleset_count(generation->rules)));
        value_set(arena, all, "templates",
                  value_int((int64_t)templates_count(generation->templates)));
    }
    value_set(arena, all, "found", found);
    json_line_print(&all);
    arena_destroy(&arena);
}

int command_check(struct context *context, int argc, char **argv)
{
    bool strict = false, json = false;
    const struct command_option options[] = {
        {.name = "--strict", .flag = &strict}, {.name = "--json", .flag = &json}, {0}};
    struct diags diags = {0};
    int count = command_options(context, argc, argv, options);
    if (!command_no_arguments(count, argv))
        return EX_USAGE;
    struct generation *generation = run_checks(context, &diags);
    if (json)
        print_json(&diags, generation);
    else
        print_people(&diags, generation, context->config != NULL);
    bool good = generation && !diags.errors && !(strict && diags.warnings);
    generation_release(&generation);
    diags_free(&diags);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
