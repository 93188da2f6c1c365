#include "lang/cel_equalities.h"

#include <string.h>

struct finder {
    struct arena *arena;
    const struct cel_environment *environment;
    struct cel_equality *found;
    uint32_t count;
};

/* A root or member, and the fields on the way from there. */
static bool read_path(struct finder *finder, const struct cel_node *node,
                      struct cel_equality *equality)
{
    bool path = node->kind == CEL_NODE_PATH;
    const struct cel_node *start = path ? node->children[0] : node;
    if (start->kind != CEL_NODE_ROOT && start->kind != CEL_NODE_MEMBER)
        return false;
    bool member = start->kind == CEL_NODE_MEMBER;
    uint32_t steps = path ? node->count - 1u : 0, count = 0;
    const char **names = arena_alloc(finder->arena, sizeof *names * (steps + 2));
    if (member)
        names[count++] = value_to_text(finder->arena, &start->value);
    for (uint32_t i = 1; i <= steps; i++)
        names[count++] = value_to_text(finder->arena, &node->children[i]->value);
    names[count] = NULL;
    equality->root = member ? -1 : start->slot;
    equality->names = names;
    equality->path = member ? "" : finder->environment->roots[start->slot];
    for (uint32_t i = 0; i < count; i++)
        equality->path = *equality->path
                             ? arena_printf(finder->arena, "%s.%s", equality->path, names[i])
                             : names[i];
    return true;
}

static void take_values(struct finder *finder, const struct value *set,
                        struct cel_equality *equality)
{
    struct value *values = arena_alloc(finder->arena, sizeof *values * (set->map->count + 1));
    for (uint32_t i = 0; i < set->map->count; i++)
        values[i] = set->map->members[i].key;
    equality->values = values;
    equality->count = set->map->count;
}

static bool take_constant(struct finder *finder, const struct cel_node *node,
                          struct cel_equality *equality)
{
    if (node->kind != CEL_NODE_CONSTANT || node->value.kind != VALUE_STRING)
        return false;
    struct value *value = arena_alloc(finder->arena, sizeof *value);
    *value = node->value;
    equality->values = value;
    equality->count = 1;
    return true;
}

static bool read_conjunct(struct finder *finder, const struct cel_node *node,
                          struct cel_equality *equality)
{
    if (node->kind == CEL_NODE_IN_SET && read_path(finder, node->children[0], equality)) {
        take_values(finder, &node->value, equality);
        return true;
    }
    if (node->kind != CEL_NODE_BINARY || node->op != CEL_EQUAL)
        return false;
    const struct cel_node *left = node->children[0], *right = node->children[1];
    return (take_constant(finder, right, equality) && read_path(finder, left, equality)) ||
           (take_constant(finder, left, equality) && read_path(finder, right, equality));
}

/* All conjuncts of rows of &&, also of rows within. */
static void find(struct finder *finder, const struct cel_node *node)
{
    if (node->kind == CEL_NODE_AND) {
        for (uint32_t i = 0; i < node->count; i++)
            find(finder, node->children[i]);
    } else if (read_conjunct(finder, node, &finder->found[finder->count])) {
        finder->count++;
    }
}

static uint32_t count_conjuncts(const struct cel_node *node)
{
    uint32_t count = node->kind != CEL_NODE_AND;
    for (uint32_t i = 0; node->kind == CEL_NODE_AND && i < node->count; i++)
        count += count_conjuncts(node->children[i]);
    return count;
}

void cel_equalities_find(struct arena *arena, const struct cel_environment *environment,
                         struct cel_program *program)
{
    uint32_t most = count_conjuncts(program->root);
    struct finder finder = {.arena = arena, .environment = environment};
    finder.found = arena_alloc(arena, sizeof *finder.found * most);
    find(&finder, program->root);
    program->equalities = finder.found;
    program->equality_count = finder.count;
}

size_t cel_equalities(const struct cel_program *program, const struct cel_equality **list)
{
    *list = program->equalities;
    return program->equality_count;
}
