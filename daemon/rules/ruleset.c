#include "rules/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "rules/rule_index.h"
#include "rules/ruleset_templates.h"

enum { FILE_MOST = 4 * 1024 * 1024, RULES_MOST = 20000 };

struct types {
    const struct rule **rules; /* NULL-terminated */
    uint32_t count, capacity;
    struct rule_index *index; /* of those that begin here */
};

struct ruleset {
    struct arena *arena;
    const struct rule **rules; /* by priority, then by name */
    uint32_t count, capacity;
    struct map *by_name;    /* name: struct rule */
    struct map *on, *until; /* type: struct types */
    struct map *counted;    /* type: itself */
    struct value events;
    int64_t since_ms, longest_limit_ms;
};

static const struct rule *const no_rules[] = {NULL};

void ruleset_destroy(struct ruleset **ruleset)
{
    struct ruleset *set = *ruleset;
    if (!set)
        return;
    map_destroy(&set->by_name);
    map_destroy(&set->on);
    map_destroy(&set->until);
    map_destroy(&set->counted);
    arena_destroy(&set->arena);
    free(set);
    *ruleset = NULL;
}

/* One type of events.yaml: `order.placed: {about: …, sample: {…}}`. */
static void add_event(struct ruleset *set, const struct settings_source *source,
                      const struct value_member *type, struct diags *diags)
{
    static const char *const keys[] = {"about", "sample", NULL};
    const struct value *sample = value_get(&type->value, "sample");
    for (uint32_t i = 0; value_is(&type->value, VALUE_MAP) && i < value_count(&type->value); i++) {
        const struct value *key = &type->value.map->members[i].key;
        const char *name = value_to_text(set->arena, key);
        if (name && !rule_has_type(keys, name))
            diag_suggest(settings_fault(diags, source, key, DIAG_ERROR, "unknown key `%s`", name),
                         name, keys);
    }
    if (value_is(sample, VALUE_MAP))
        value_add(set->arena, set->events, type->key, *sample);
    else
        settings_fault(diags, source, &type->key, DIAG_ERROR,
                       "an event type needs a `sample`: the data of one such event");
}

/* False where there was a fault. No such file: no types are declared. */
static bool load_events(struct ruleset *set, const char *folder, struct diags *diags)
{
    struct diag diag = {0};
    const char *path = arena_printf(set->arena, "%s/events.yaml", folder);
    const struct yaml_options options = {.file = path};
    const char *text;
    size_t length, errors = diags->errors;
    struct value documents;
    set->events = value_new_map(set->arena, 8);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    if (!yaml_read_file(set->arena, &options, &documents, &text, &length, &diag)) {
        diags_add(diags, &diag);
        return false;
    }
    struct settings_source source = {.file = path, .text = text, .length = length};
    for (uint32_t d = 0; d < value_count(&documents); d++) {
        const struct value *root = &documents.list->items[d];
        if (root->kind != VALUE_MAP && root->kind != VALUE_NULL)
            settings_fault(diags, &source, root, DIAG_ERROR,
                           "events.yaml must be a mapping of event types");
        for (uint32_t i = 0; root->kind == VALUE_MAP && i < value_count(root); i++)
            add_event(set, &source, &root->map->members[i], diags);
    }
    return diags->errors == errors;
}

static void add_rule(struct ruleset *set, const struct settings_source *source, struct rule *rule,
                     const struct value *document, struct diags *diags)
{
    const struct rule *other = map_get(set->by_name, rule->name, strlen(rule->name));
    if (other) {
        settings_fault(diags, source, value_get(document, "name"), DIAG_ERROR,
                       "the name `%s` is taken: %s:%u", rule->name, other->file, other->line);
        return;
    }
    if (set->count == RULES_MOST) {
        settings_fault(diags, source, document, DIAG_ERROR, "more than %d rules", RULES_MOST);
        return;
    }
    map_put(set->by_name, rule->name, strlen(rule->name), rule);
    set->rules = arena_grow(set->arena, set->rules, set->count, &set->capacity, sizeof *set->rules);
    set->rules[set->count++] = rule;
    if (rule->limit.per_ms > set->longest_limit_ms)
        set->longest_limit_ms = rule->limit.per_ms;
}

static void load_file(struct ruleset *set, const struct ruleset_settings *settings,
                      const char *name, struct diags *diags)
{
    struct diag diag = {0};
    const char *text;
    size_t length;
    struct value documents;
    const char *path = arena_printf(set->arena, "%s/%s", settings->folder, name);
    const struct yaml_options options = {
        .file = path, .bytes = FILE_MOST, .expression_keys = rule_expression_keys};
    if (!yaml_read_file(set->arena, &options, &documents, &text, &length, &diag)) {
        diags_add(diags, &diag);
        return;
    }
    struct settings_source source = {.file = path, .text = text, .length = length};
    struct rule_reader reader = {
        .arena = set->arena, .source = &source, .diags = diags, .known_events = &set->events};
    for (uint32_t i = 0; i < documents.list->count; i++) {
        const struct value *document = &documents.list->items[i];
        if (document->kind == VALUE_NULL)
            continue; /* an empty document between two `---` */
        struct rule *rule = rule_read(&reader, document);
        if (!rule)
            continue;
        ruleset_templates_check(settings, &source, rule, diags);
        add_rule(set, &source, rule, document, diags);
    }
}

static int by_priority(const void *a, const void *b)
{
    const struct rule *one = *(const struct rule *const *)a;
    const struct rule *two = *(const struct rule *const *)b;
    if (one->priority != two->priority)
        return one->priority > two->priority ? -1 : 1;
    return strcmp(one->name, two->name);
}

static void index_type(struct ruleset *set, struct map *map, const char *type,
                       const struct rule *rule)
{
    size_t length = strlen(type);
    struct types *types = map_get(map, type, length);
    if (!types) {
        types = arena_zero(set->arena, sizeof *types);
        map_put(map, type, length, types);
    }
    types->rules =
        arena_grow(set->arena, types->rules, types->count, &types->capacity, sizeof *types->rules);
    types->rules[types->count++] = rule;
    map_put(set->counted, type, length, types);
}

/* Event types that an expression names in customer.count("…") and its siblings: every string
 * in it, since counting one too many does no harm. */
static void count_named(struct ruleset *set, const struct cel_program *program)
{
    if (!program)
        return;
    const struct value_list *strings = cel_strings(program)->list;
    for (uint32_t i = 0; i < strings->count; i++)
        map_put(set->counted, strings->items[i].string, strings->items[i].length, set);
}

static void count_named_in_step(struct ruleset *set, const struct rule_step *step)
{
    count_named(set, step->condition);
    count_named(set, step->to);
    for (const struct rule_data *data = step->data; data && data->name; data++)
        count_named(set, data->program);
}

static void index_rules(struct ruleset *set)
{
    if (set->count)
        qsort(set->rules, set->count, sizeof(struct rule *), by_priority);
    for (uint32_t i = 0; i < set->count; i++) {
        const struct rule *rule = set->rules[i];
        for (const char *const *type = rule->on; *type; type++)
            index_type(set, set->on, *type, rule);
        for (const char *const *type = rule->until; *type; type++)
            index_type(set, set->until, *type, rule);
        count_named(set, rule->condition);
        count_named(set, rule->until_condition);
        for (uint32_t s = 0; s < rule->step_count; s++)
            count_named_in_step(set, &rule->steps[s]);
    }
}

/* Ends each list with the NULL that its readers look for. */
static void end_lists(struct ruleset *set, struct map *map)
{
    size_t cursor = 0, length;
    const char *type;
    void *value;
    while (map_next(map, &cursor, &type, &length, &value)) {
        struct types *types = value;
        types->rules = arena_grow(set->arena, types->rules, types->count, &types->capacity,
                                  sizeof *types->rules);
        types->rules[types->count] = NULL;
    }
}

static void make_indexes(struct ruleset *set, bool plain)
{
    size_t cursor = 0, length;
    const char *type;
    void *value;
    while (map_next(set->on, &cursor, &type, &length, &value)) {
        struct types *types = value;
        types->index = rule_index_new(set->arena, types->rules, types->count, plain);
    }
}

static bool is_rule_file(const char *name)
{
    size_t length = strlen(name), tail = strlen(".test.yaml");
    return strcmp(name, "events.yaml") != 0 &&
           !(length >= tail && strcmp(name + length - tail, ".test.yaml") == 0);
}

struct ruleset *ruleset_load(const struct ruleset_settings *settings, struct diags *diags)
{
    struct ruleset *set = mem_zero(1, sizeof *set);
    const char *const *names;
    size_t count, errors = diags->errors;
    struct diag diag = {0};
    set->arena = arena_new(64 * 1024);
    set->by_name = map_new();
    set->on = map_new();
    set->until = map_new();
    set->counted = map_new();
    set->since_ms = settings->since_ms;
    if (!file_list(set->arena, settings->folder, ".yaml", false, &names, &count, &diag))
        diags_add(diags, &diag);
    else if (load_events(set, settings->folder, diags))
        for (size_t i = 0; i < count; i++)
            if (is_rule_file(names[i]))
                load_file(set, settings, names[i], diags);
    if (diags->errors != errors) {
        ruleset_destroy(&set);
        return NULL;
    }
    index_rules(set);
    for (struct cel_program *const *condition = settings->conditions; condition && *condition;
         condition++)
        count_named(set, *condition);
    end_lists(set, set->on);
    end_lists(set, set->until);
    make_indexes(set, settings->plain);
    return set;
}

size_t ruleset_count(const struct ruleset *ruleset)
{
    return ruleset->count;
}

const struct rule *ruleset_at(const struct ruleset *ruleset, size_t index)
{
    return ruleset->rules[index];
}

const struct rule *ruleset_find(const struct ruleset *ruleset, const char *name)
{
    return map_get(ruleset->by_name, name, strlen(name));
}

int64_t ruleset_since(const struct ruleset *ruleset)
{
    return ruleset->since_ms;
}

static const struct rule *const *rules_for(const struct map *map, const char *type)
{
    const struct types *types = map_get(map, type, strlen(type));
    return types ? types->rules : no_rules;
}

const struct rule *const *ruleset_on(const struct ruleset *ruleset, const char *type)
{
    return rules_for(ruleset->on, type);
}

const struct rule *const *ruleset_until(const struct ruleset *ruleset, const char *type)
{
    return rules_for(ruleset->until, type);
}

const struct rule_index *ruleset_index(const struct ruleset *ruleset, const char *type)
{
    const struct types *types = map_get(ruleset->on, type, strlen(type));
    return types ? types->index : NULL;
}

bool ruleset_counts(const struct ruleset *ruleset, const char *type)
{
    return map_get(ruleset->counted, type, strlen(type)) != NULL;
}

int64_t ruleset_longest_limit(const struct ruleset *ruleset)
{
    return ruleset->longest_limit_ms;
}

const struct value *ruleset_events(const struct ruleset *ruleset)
{
    return &ruleset->events;
}
