#include "cel/cel_foresee.h"

#include "cel/cel_run.h"

struct foreseeing {
    const struct cel_program *program;
    const struct cel_input *input;
    struct arena *arena;
    struct value locals[CEL_LOCALS_MOST];
};

/* By itself: what stands around it has no part in it. */
static void ask(struct foreseeing *foreseeing, const struct cel_node *node)
{
    struct value unused;
    struct cel_run run = {.program = foreseeing->program,
                          .input = foreseeing->input,
                          .arena = foreseeing->arena,
                          .budget = CEL_COST_MOST,
                          .locals = foreseeing->locals};
    cel_run_node(&run, node, &unused);
}

/* Calls within a loop need its variable: there the whole loop is evaluated. True where a remote
 * method stands in the tree. */
static bool visit(struct foreseeing *foreseeing, const struct cel_node *node)
{
    bool remote = node->kind == CEL_NODE_HOST && node->op;
    bool whole = node->kind == CEL_NODE_LOOP || node->kind == CEL_NODE_BIND ||
                 node->kind == CEL_NODE_OPTIONAL_MAP || remote;
    for (uint32_t i = 0; i < node->count; i++)
        remote |= visit(foreseeing, node->children[i]);
    if (remote && whole && node->lowest == INT32_MAX)
        ask(foreseeing, node);
    return remote;
}

void cel_foresee(const struct cel_program *program, const struct cel_input *input,
                 struct arena *arena)
{
    struct foreseeing foreseeing = {.program = program, .input = input, .arena = arena};
    visit(&foreseeing, program->root);
}
