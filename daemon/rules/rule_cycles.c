#include "rules/rule_cycles.h"

#include <string.h>

enum { NODES_MOST = 1000 /* rules that emit; beyond that nobody is warned */, PATH_MOST = 400 };

struct rule_cycles_node {
    const struct rule *rule;
    struct settings_source source; /* the file that it was read from */
};

void rule_cycles_note(struct rule_cycles *cycles, struct arena *arena, const struct rule *rule,
                      const struct settings_source *source)
{
    cycles->nodes =
        arena_grow(arena, cycles->nodes, cycles->count, &cycles->capacity, sizeof *cycles->nodes);
    cycles->nodes[cycles->count++] = (struct rule_cycles_node){rule, *source};
}

struct search {
    const struct rule_cycles_node **nodes; /* of rules that emit something */
    uint32_t count;
    uint32_t *before; /* in the walk under way: from which one it was reached */
    uint32_t *queue;
    bool *seen;
    struct arena *arena;
    struct diags *diags;
};

static bool starts(const struct rule *rule, const char *type)
{
    return rule->enabled && rule_list_has(rule->on, type);
}

/* Adds what the rule's events start to the walk; the one that it began with is reached where its
 * events come back to it. */
static void visit(struct search *search, uint32_t number, uint32_t *waiting)
{
    const struct rule *rule = search->nodes[number]->rule;
    for (uint32_t s = 0; s < rule->step_count; s++) {
        if (rule->steps[s].kind != RULE_STEP_EMIT)
            continue;
        for (uint32_t i = 0; i < search->count; i++) {
            if (search->seen[i] || !starts(search->nodes[i]->rule, rule->steps[s].emits))
                continue;
            search->seen[i] = true;
            search->before[i] = number;
            search->queue[(*waiting)++] = i;
        }
    }
}

/* "a, b, a": by which rules it comes back. */
static const char *path_of(const struct search *search, uint32_t from)
{
    const char *path = search->nodes[from]->rule->name;
    for (uint32_t at = search->before[from];; at = search->before[at]) {
        path = arena_printf(search->arena, "%s, %s", search->nodes[at]->rule->name, path);
        if (at == from || strlen(path) > PATH_MOST)
            return path;
    }
}

/* The step whose event is the first on that way. */
static const struct rule_step *step_of(const struct search *search, uint32_t from)
{
    const struct rule *rule = search->nodes[from]->rule;
    uint32_t next = from;
    while (search->before[next] != from)
        next = search->before[next];
    for (uint32_t s = 0; s < rule->step_count; s++)
        if (rule->steps[s].kind == RULE_STEP_EMIT &&
            starts(search->nodes[next]->rule, rule->steps[s].emits))
            return &rule->steps[s];
    return &rule->steps[0];
}

static void warn(const struct search *search, uint32_t from)
{
    const struct rule_step *step = step_of(search, from);
    const struct value place = {.kind = VALUE_NULL,
                                .flags = VALUE_PLACED,
                                .place = {.line = step->line, .column = step->column}};
    struct diag *diag = settings_fault(search->diags, &search->nodes[from]->source, &place,
                                       DIAG_WARNING, "events of type `%s` lead to themselves: %s",
                                       step->emits, path_of(search, from));
    diag_code(diag, "emit-cycle");
    diag_hint(diag, "after 8 events the chain ends with a dead letter, `loop`");
}

static void check_from(struct search *search, uint32_t from)
{
    uint32_t waiting = 0;
    memset(search->seen, 0, sizeof *search->seen * search->count);
    visit(search, from, &waiting);
    for (uint32_t at = 0; at < waiting && !search->seen[from]; at++)
        visit(search, search->queue[at], &waiting);
    if (search->seen[from])
        warn(search, from);
}

static bool emits(const struct rule *rule)
{
    for (uint32_t s = 0; s < rule->step_count; s++)
        if (rule->steps[s].kind == RULE_STEP_EMIT)
            return true;
    return false;
}

void rule_cycles_check(const struct rule_cycles *cycles, struct arena *arena, struct diags *diags)
{
    struct search search = {.arena = arena, .diags = diags};
    search.nodes = arena_alloc(arena, sizeof *search.nodes * (cycles->count + 1));
    for (uint32_t i = 0; i < cycles->count; i++)
        if (emits(cycles->nodes[i].rule))
            search.nodes[search.count++] = &cycles->nodes[i];
    if (search.count > NODES_MOST)
        return;
    search.before = arena_alloc(arena, sizeof *search.before * (search.count + 1));
    search.queue = arena_alloc(arena, sizeof *search.queue * (search.count + 1));
    search.seen = arena_alloc(arena, sizeof *search.seen * (search.count + 1));
    for (uint32_t i = 0; i < search.count; i++)
        check_from(&search, i);
}
