#include "cel/cel_calls.h"

#include "cel/cel_ast.h"
#include "cel/cel_run.h"

struct walk {
    void (*on_call)(void *context, const struct cel_call *call);
    void *context;
};

/* The operator with its sides exchanged: 3 <= x is x >= 3. */
static enum cel_operator exchanged(enum cel_operator op)
{
    switch (op) {
    case CEL_LESS:
        return CEL_GREATER;
    case CEL_LESS_EQUAL:
        return CEL_GREATER_EQUAL;
    case CEL_GREATER:
        return CEL_LESS;
    case CEL_GREATER_EQUAL:
        return CEL_LESS_EQUAL;
    default:
        return op;
    }
}

/* From where on `child`, a side of the comparison, makes a difference. */
static int64_t least_of(const struct cel_node *comparison, const struct cel_node *child)
{
    bool left = comparison->children[0] == child;
    const struct cel_node *other = comparison->children[left];
    enum cel_operator op = (enum cel_operator)comparison->op;
    if (other->kind != CEL_NODE_CONSTANT || other->value.kind != VALUE_INT)
        return INT64_MIN;
    switch (left ? op : exchanged(op)) {
    case CEL_EQUAL:
    case CEL_UNEQUAL:
    case CEL_GREATER_EQUAL:
    case CEL_LESS:
        return other->value.integer;
    case CEL_GREATER:
    case CEL_LESS_EQUAL:
        return other->value.integer < INT64_MAX ? other->value.integer + 1 : INT64_MAX;
    default:
        return INT64_MIN;
    }
}

/* How many calls of the method stand within each other's second arguments, at most. */
static uint32_t depth_of(const struct cel_node *node, int method)
{
    uint32_t depth = 0;
    bool calls = node->kind == CEL_NODE_HOST && node->slot == method;
    for (uint32_t i = 0; i < node->count; i++) {
        uint32_t within = depth_of(node->children[i], method) + (calls && i == 1);
        depth = within > depth ? within : depth;
    }
    return depth;
}

static void tell(const struct walk *walk, const struct cel_node *node,
                 const struct cel_node *parent)
{
    struct cel_call call = {.method = node->slot,
                            .count = (int)node->count,
                            .offset = node->offset,
                            .length = node->length,
                            .depth = depth_of(node, node->slot),
                            .least = INT64_MIN};
    const struct cel_node *first = node->count ? node->children[0] : NULL;
    if (first && first->kind == CEL_NODE_CONSTANT && first->value.kind == VALUE_STRING) {
        call.argument = &first->value;
        call.offset = first->offset;
        call.length = first->length;
    }
    if (parent && parent->kind == CEL_NODE_BINARY)
        call.least = least_of(parent, node);
    walk->on_call(walk->context, &call);
}

static void visit(const struct walk *walk, const struct cel_node *node,
                  const struct cel_node *parent)
{
    if (node->kind == CEL_NODE_HOST)
        tell(walk, node, parent);
    for (uint32_t i = 0; i < node->count; i++)
        visit(walk, node->children[i], node);
}

void cel_calls(const struct cel_program *program,
               void (*on_call)(void *context, const struct cel_call *call), void *context)
{
    const struct walk walk = {on_call, context};
    visit(&walk, program->root, NULL);
}
