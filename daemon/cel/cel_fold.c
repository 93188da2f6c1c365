#include "cel/cel_fold.h"

#include <string.h>

#include "base/duration_guess.h"
#include "cel/cel_diag.h"
#include "cel/cel_value.h"

/* What all constants of a program may cost at compile time; the rest is left to the run. */
enum { FOLD_COST_MOST = 20000 };

struct folder {
    struct arena *arena;
    const struct cel_program *program;
    struct diag *diag;
    int64_t budget;
    struct value locals[CEL_LOCALS_MOST];
};

/* Whether the node is something that always has the same value. */
static void find_dependence(struct cel_node *node)
{
    for (uint32_t i = 0; i < node->count; i++) {
        const struct cel_node *child = node->children[i];
        node->input |= child->input;
        if (child->lowest < node->lowest)
            node->lowest = child->lowest;
    }
    bool scope = node->kind == CEL_NODE_LOOP || node->kind == CEL_NODE_BIND ||
                 node->kind == CEL_NODE_OPTIONAL_MAP;
    if (!scope)
        return;
    /* Its own variables and those within have higher numbers than all outside. */
    node->lowest = node->children[0]->lowest;
    for (uint32_t i = 1; i < node->count; i++)
        if (node->children[i]->lowest < node->slot && node->children[i]->lowest < node->lowest)
            node->lowest = node->children[i]->lowest;
}

/* a.b.c of a root, member or variable: one node that walks. */
static void make_path(struct folder *folder, struct cel_node *node)
{
    const struct cel_node *object = node->children[0];
    bool starts = object->kind == CEL_NODE_ROOT || object->kind == CEL_NODE_MEMBER ||
                  object->kind == CEL_NODE_LOCAL;
    if ((node->flags & (CEL_FLAG_TEST | CEL_FLAG_OPTIONAL)) ||
        (!starts && object->kind != CEL_NODE_PATH))
        return;
    uint32_t count = starts ? 1 : object->count;
    struct cel_node **steps = arena_alloc(folder->arena, sizeof *steps * (count + 1));
    if (starts)
        steps[0] = node->children[0];
    else
        memcpy(steps, object->children, sizeof *steps * count);
    steps[count] = arena_alloc(folder->arena, sizeof *node);
    *steps[count] = *node;
    node->kind = CEL_NODE_PATH;
    node->children = steps;
    node->count = (uint16_t)(count + 1);
}

/* x in ["a", "b"]: the list becomes the keys of a map. */
static void make_set(struct folder *folder, struct cel_node *node)
{
    const struct cel_node *list = node->children[1];
    if (node->op != CEL_IN || list->kind != CEL_NODE_CONSTANT || list->value.kind != VALUE_LIST)
        return;
    const struct value_list *items = list->value.list;
    struct value set = value_new_map(folder->arena, items->count);
    for (uint32_t i = 0; i < items->count; i++) {
        const struct value *item = &items->items[i];
        if (item->kind != VALUE_STRING)
            return;
        if (!value_find(&set, item->string, item->length))
            value_add(folder->arena, set, *item, value_null());
    }
    node->kind = CEL_NODE_IN_SET;
    node->value = set;
}

/* duration("1 day"): as it must be written. */
static void hint_duration(struct diag *diag, const struct cel_node *call)
{
    char time[DURATION_TEXT_SIZE];
    const struct value *text =
        call->kind == CEL_NODE_CALL && value_is_text(&call->value, "duration") && call->count == 1
            ? &call->children[0]->value
            : NULL;
    if (value_is(text, VALUE_STRING) && duration_guess(text->string, text->length, time))
        diag_hint(diag, "write duration(\"%s\")", time);
}

static bool evaluate(struct folder *folder, struct cel_node *node)
{
    static const struct cel_input nothing;
    struct cel_run run = {
        .program = folder->program,
        .input = &nothing,
        .arena = folder->arena,
        .budget = folder->budget,
        .locals = folder->locals,
    };
    struct value value;
    bool fine = cel_run_node(&run, node, &value);
    folder->budget = run.budget - 1;
    if (fine) {
        node->kind = CEL_NODE_CONSTANT;
        node->value = value;
        node->count = 0;
        node->evaluate = cel_eval_constant;
        return true;
    }
    if (!folder->diag || run.budget < 0)
        return true;
    const struct cel_node *at = run.error.node;
    cel_diag_error(folder->diag, folder->program->text, folder->program->length, at->mark,
                   at->offset + at->length - at->mark, cel_error_text(&run, &run.error), NULL);
    diag_code(folder->diag, "cel-constant");
    hint_duration(folder->diag, at);
    return false;
}

static bool fold(struct folder *folder, struct cel_node *node)
{
    for (uint32_t i = 0; i < node->count; i++)
        if (!fold(folder, node->children[i]))
            return false;
    find_dependence(node);
    if (node->kind == CEL_NODE_SELECT)
        make_path(folder, node);
    if (node->kind == CEL_NODE_BINARY)
        make_set(folder, node);
    node->evaluate = cel_evaluator(node);
    bool constant = !node->input && node->lowest == INT32_MAX;
    if (!constant || node->kind == CEL_NODE_CONSTANT || folder->budget < 0)
        return true;
    return evaluate(folder, node);
}

bool cel_fold(struct arena *arena, const struct cel_program *program, struct cel_node *root,
              struct diag *diag)
{
    struct folder *folder = arena_alloc(arena, sizeof *folder);
    folder->arena = arena;
    folder->program = program;
    folder->diag = diag;
    folder->budget = FOLD_COST_MOST;
    return fold(folder, root);
}
