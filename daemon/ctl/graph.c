/*
 * nudgectl graph: rules as flowcharts of Mermaid. What is to be drawn is chosen by names, files and
 * folders; rules of another folder than the configuration's are read as `test --rules` reads them.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/diag.h"
#include "ctl/command.h"
#include "ctl/exit_codes.h"
#include "ctl/graph_rule.h"
#include "ctl/json_line.h"
#include "ctl/loading.h"

enum { DIAGRAM_MOST = 1 << 20 };

struct drawn {
    const struct ruleset *rules;
    const struct rule *rule;
};

struct loaded {
    const char *folder;
    struct generation *generation;
};

struct graphing {
    struct context *context;
    struct arena *arena;
    bool markdown, json;
    struct drawn *drawn;
    uint32_t count, capacity;
    struct loaded *loaded; /* each folder that was asked for */
    uint32_t loaded_count, loaded_capacity;
};

/* ---- Which ---- */

static void add_rule(struct graphing *graphing, const struct ruleset *rules,
                     const struct rule *rule)
{
    for (uint32_t i = 0; i < graphing->count; i++)
        if (graphing->drawn[i].rule == rule)
            return;
    graphing->drawn = arena_grow(graphing->arena, graphing->drawn, graphing->count,
                                 &graphing->capacity, sizeof *graphing->drawn);
    graphing->drawn[graphing->count++] = (struct drawn){rules, rule};
}

static bool is_same(const char *one, const char *other)
{
    char whole[PATH_MAX], whole_other[PATH_MAX];
    return realpath(one, whole) && realpath(other, whole_other) && strcmp(whole, whole_other) == 0;
}

/* The rules of a folder (NULL: the configuration's); NULL where they are broken, which was told. */
static const struct ruleset *load(struct graphing *graphing, const char *folder)
{
    struct config *config = context_config(graphing->context);
    const char *own = config ? config->keys.rules : NULL;
    if (!config)
        return NULL;
    folder = folder ? folder : own;
    for (uint32_t i = 0; i < graphing->loaded_count; i++)
        if (is_same(graphing->loaded[i].folder, folder))
            return graphing->loaded[i].generation->rules;
    struct generation *generation = loading_generation(graphing->context, folder);
    config->keys.rules = own;
    if (!generation)
        return NULL;
    graphing->loaded = arena_grow(graphing->arena, graphing->loaded, graphing->loaded_count,
                                  &graphing->loaded_capacity, sizeof *graphing->loaded);
    graphing->loaded[graphing->loaded_count++] = (struct loaded){folder, generation};
    return generation->rules;
}

static int by_place(const void *a, const void *b)
{
    const struct rule *one = ((const struct drawn *)a)->rule,
                      *two = ((const struct drawn *)b)->rule;
    int files = strcmp(one->file, two->file);
    return files ? files : one->line < two->line ? -1 : one->line > two->line;
}

/* All rules of a folder, or those of one file in it, in the order in which they are written. */
static int add_all(struct graphing *graphing, const char *folder, const char *file)
{
    const struct ruleset *rules = load(graphing, folder);
    uint32_t before = graphing->count;
    if (!rules)
        return EX_CONFIG;
    for (size_t i = 0; i < ruleset_count(rules); i++)
        if (!file || is_same(ruleset_at(rules, i)->file, file))
            add_rule(graphing, rules, ruleset_at(rules, i));
    if (graphing->count > before)
        qsort(graphing->drawn + before, graphing->count - before, sizeof *graphing->drawn,
              by_place);
    if (file && graphing->count == before) {
        fprintf(stderr, "nudgectl graph: %s has no rule\n", file);
        return EX_DATAERR;
    }
    return EXIT_SUCCESS;
}

static int add_named(struct graphing *graphing, const char *name)
{
    const struct ruleset *rules = load(graphing, NULL);
    const struct rule *rule = rules ? ruleset_find(rules, name) : NULL;
    if (!rules)
        return EX_CONFIG;
    if (rule) {
        add_rule(graphing, rules, rule);
        return EXIT_SUCCESS;
    }
    const char **names = arena_zero(graphing->arena, sizeof *names * (ruleset_count(rules) + 1));
    for (size_t i = 0; i < ruleset_count(rules); i++)
        names[i] = ruleset_at(rules, i)->name;
    const char *nearest = diag_nearest(name, names);
    fprintf(stderr, "nudgectl graph: there is no rule and no file `%s`\n", name);
    if (nearest)
        fprintf(stderr, "hint: did you mean `%s`?\n", nearest);
    return EX_NOINPUT;
}

/* A file or a folder, where there is one, else the name of a rule. */
static int add(struct graphing *graphing, const char *argument)
{
    struct stat status;
    if (stat(argument, &status) != 0)
        return add_named(graphing, argument);
    if (S_ISDIR(status.st_mode))
        return add_all(graphing, argument, NULL);
    const char *slash = strrchr(argument, '/');
    const char *folder =
        slash ? arena_copy(graphing->arena, argument, (size_t)(slash + 1 - argument)) : ".";
    return add_all(graphing, folder, argument);
}

/* ---- Printing ---- */

static int number_of(void *context, const struct rule *rule)
{
    const struct graphing *graphing = context;
    for (uint32_t i = 0; i < graphing->count; i++)
        if (graphing->drawn[i].rule == rule)
            return (int)i;
    return -1;
}

static void put_diagram(struct buf *out, const struct drawn *drawn)
{
    buf_text(out, "flowchart TD\n");
    graph_rule_put(out, drawn->rules, drawn->rule, "", NULL, NULL);
}

static void print_markdown(const struct drawn *drawn, const struct buf *diagram)
{
    printf("## %s\n\n", drawn->rule->name);
    if (*drawn->rule->about)
        printf("%s\n\n", drawn->rule->about);
    printf("```mermaid\n%.*s```\n", (int)diagram->length, diagram->data);
}

static void print_json(struct arena *arena, const struct drawn *drawn, const struct buf *diagram)
{
    struct value line = value_new_map(arena, 3);
    value_set(arena, line, "rule", value_text(drawn->rule->name));
    value_set(arena, line, "file", value_text(drawn->rule->file));
    value_set(arena, line, "mermaid", value_string(diagram->data, diagram->length));
    json_line_print(&line);
}

/* A diagram for each rule. */
static void print_each(const struct graphing *graphing)
{
    for (uint32_t i = 0; i < graphing->count; i++) {
        struct buf diagram;
        buf_init(&diagram, DIAGRAM_MOST);
        put_diagram(&diagram, &graphing->drawn[i]);
        if (graphing->json)
            print_json(graphing->arena, &graphing->drawn[i], &diagram);
        else if (graphing->markdown && i)
            printf("\n");
        if (!graphing->json && graphing->markdown)
            print_markdown(&graphing->drawn[i], &diagram);
        buf_free(&diagram);
    }
}

/* One diagram with all rules in it, as a file of Mermaid has one. */
static void print_together(struct graphing *graphing)
{
    struct buf diagram;
    char prefix[16];
    buf_init(&diagram, (size_t)DIAGRAM_MOST * (graphing->count + 1));
    buf_text(&diagram, "flowchart TD\n");
    for (uint32_t i = 0; i < graphing->count; i++) {
        snprintf(prefix, sizeof prefix, "r%u_", i);
        graph_rule_put(&diagram, graphing->drawn[i].rules, graphing->drawn[i].rule, prefix,
                       number_of, graphing);
    }
    fwrite(buf_string(&diagram), 1, diagram.length, stdout);
    buf_free(&diagram);
}

static void print(struct graphing *graphing)
{
    if (graphing->markdown || graphing->json) {
        print_each(graphing);
    } else if (graphing->count == 1) {
        struct buf diagram;
        buf_init(&diagram, DIAGRAM_MOST);
        put_diagram(&diagram, &graphing->drawn[0]);
        fwrite(buf_string(&diagram), 1, diagram.length, stdout);
        buf_free(&diagram);
    } else {
        print_together(graphing);
    }
}

int command_graph(struct context *context, int argc, char **argv)
{
    struct graphing graphing = {.context = context};
    const struct command_option options[] = {{.name = "--markdown", .flag = &graphing.markdown},
                                             {.name = "--json", .flag = &graphing.json},
                                             {0}};
    int count = command_options(context, argc, argv, options), status = EXIT_SUCCESS;
    if (count < 0)
        return EX_USAGE;
    graphing.arena = arena_new(4096);
    for (int i = 1; i <= count && status == EXIT_SUCCESS; i++)
        status = add(&graphing, argv[i]);
    if (count == 0)
        status = add_all(&graphing, NULL, NULL);
    if (status == EXIT_SUCCESS)
        print(&graphing);
    for (uint32_t i = 0; i < graphing.loaded_count; i++)
        generation_release(&graphing.loaded[i].generation);
    arena_destroy(&graphing.arena);
    return status;
}
