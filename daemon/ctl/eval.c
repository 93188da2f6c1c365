/* nudgectl eval: what an expression gives, as a rule's condition would see it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/json.h"
#include "ctl/command.h"
#include "ctl/eval_trace.h"
#include "ctl/json_line.h"
#include "ctl/plain.h"
#include "ctl/scene.h"

enum { VALUE_MOST = 16 * 1024 * 1024, NAMES_MOST = 200 };

struct eval {
    const char *expression, *event, *customer, *table;
    bool trace, json;
};

/* Whether JSON has all that is in the value. */
static bool is_document(const struct value *value)
{
    if (value->kind == VALUE_LIST)
        for (uint32_t i = 0; i < value->list->count; i++)
            if (!is_document(&value->list->items[i]))
                return false;
    if (value->kind == VALUE_MAP)
        for (uint32_t i = 0; i < value->map->count; i++)
            if (value->map->members[i].key.kind != VALUE_STRING ||
                !is_document(&value->map->members[i].value))
                return false;
    if (value->kind == VALUE_DOUBLE)
        return isfinite(value->real);
    return value->kind <= VALUE_MAP;
}

/* As JSON; what JSON has no form for, as an expression writes it. */
static void print_value(const struct value *value)
{
    struct buf out;
    buf_init(&out, VALUE_MOST);
    bool printed = is_document(value) ? json_print_pretty(&out, value) : cel_print(&out, value);
    if (printed)
        plain_json(buf_string(&out), out.length);
    printf("%s\n", printed ? "" : "(larger than can be shown)");
    buf_free(&out);
}

/* JSON has no form for some: then it is a text, as an expression writes it. `text`: the expression,
 * where its parts are to be told. */
static void print_json(const struct value *value, struct eval_trace *trace, const char *text)
{
    struct arena *arena = trace->arena;
    struct value row = value_new_map(arena, 2);
    struct buf out;
    char *lines = NULL;
    size_t size = 0;
    buf_init(&out, VALUE_MOST);
    if (is_document(value))
        value_set(arena, row, "value", *value);
    else if (cel_print(&out, value))
        value_set(arena, row, "text", value_text(arena_copy(arena, buf_string(&out), out.length)));
    FILE *stream = text ? open_memstream(&lines, &size) : NULL;
    if (stream) {
        eval_trace_print(trace, text, stream);
        fclose(stream);
    }
    if (size)
        value_set(arena, row, "trace", value_text(arena_copy(arena, lines, size)));
    json_line_print(&row);
    free(lines);
    buf_free(&out);
}

/* A field that is not there may be a misspelt one: of those that stand beside it. */
static void suggest_field(struct diag *diag, const struct scene *scene, const char *text, size_t at)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    const char *names[NAMES_MOST + 1];
    struct value all = scene_names(scene);
    const struct value *within = &all;
    size_t begin = at, count = 0;
    while (begin > 0 && (text[begin - 1] == '.' || strchr(letters, text[begin - 1])))
        begin--;
    const char *word = arena_copy(scene->arena, text + at, strspn(text + at, letters));
    if (begin < at)
        within = value_path(within, arena_copy(scene->arena, text + begin, at - begin - 1));
    if (!value_is(within, VALUE_MAP) || value_get(within, word))
        return;
    for (uint32_t i = 0; i < value_count(within) && count < NAMES_MOST; i++)
        names[count++] = value_to_text(scene->arena, &within->map->members[i].key);
    names[count] = NULL;
    diag_suggest(diag, word, names);
}

static int show_fault(struct diag *diag)
{
    if (!diag->file[0])
        diag_file(diag, "expression");
    diag_print(diag, stderr);
    return EXIT_FAILURE;
}

static int evaluate(const struct eval *eval, const struct scene *scene)
{
    struct diag diag = {0};
    struct diags warnings = {0};
    struct value result;
    struct cel_fault fault = {0};
    const char *text = eval->expression;
    size_t length = strlen(text);
    struct eval_trace trace = {.arena = scene->arena};
    const struct cel_tracer tracer = {.visit = eval_trace_visit, .context = &trace};
    const struct cel_program *program =
        condition_compile(scene->arena, text, length, NULL, &warnings, &diag);
    for (size_t i = 0; i < warnings.count; i++)
        show_fault(&warnings.items[i]);
    diags_free(&warnings);
    if (!program)
        return show_fault(&diag);
    bool done = condition_trace(program, &scene->seen, eval->trace ? &tracer : NULL, scene->arena,
                                &result, &fault);
    if (eval->trace && !(eval->json && done))
        eval_trace_print(&trace, text, stdout);
    fflush(stdout); /* before what goes to standard error */
    if (done) {
        if (eval->json)
            print_json(&result, &trace, eval->trace ? text : NULL);
        else
            print_value(&result);
        return EXIT_SUCCESS;
    }
    diag_error(&diag, "%s", fault.text);
    diag_offset(&diag, text, length, fault.offset);
    suggest_field(&diag, scene, text, fault.offset);
    return show_fault(&diag);
}

static bool set_scene(const struct eval *eval, struct scene *scene, struct diag *diag)
{
    struct input input;
    if (eval->customer && (!input_read(scene->arena, eval->customer, &input, diag) ||
                           !scene_customer(scene, &input, diag)))
        return false;
    if (eval->table && (!input_read(scene->arena, eval->table, &input, diag) ||
                        !scene_tables(scene, &input, diag)))
        return false;
    return !eval->event || (input_read(scene->arena, eval->event, &input, diag) &&
                            scene_event(scene, &input, diag));
}

int command_eval(struct context *context, int argc, char **argv)
{
    struct eval eval = {0};
    struct scene scene;
    struct diag diag = {0};
    const struct command_option options[] = {
        {.name = "--event", .value = &eval.event}, {.name = "--customer", .value = &eval.customer},
        {.name = "--table", .value = &eval.table}, {.name = "--trace", .flag = &eval.trace},
        {.name = "--json", .flag = &eval.json},    {0},
    };
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    if (count != 1)
        return command_usage(argv[0], "one expression is expected, in quotes");
    eval.expression = argv[1];
    const struct config *config = context_config(context);
    if (!config)
        return EXIT_FAILURE;
    struct arena *arena = arena_new(64 * 1024);
    scene_begin(&scene, config, arena);
    int status = set_scene(&eval, &scene, &diag) ? evaluate(&eval, &scene) : context_fail(&diag);
    arena_destroy(&arena);
    return status;
}
