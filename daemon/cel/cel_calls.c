#include "cel/cel_calls.h"

#include "cel/cel_ast.h"
#include "cel/cel_run.h"

/* A variable that stands for what a part of the expression gives: of a bind, a comprehension, an
 * optMap. */
struct bound {
    struct bound *outer;
    const struct cel_node *by; /* which makes it: of its first child */
    int method;                /* whose depth that child was last asked for, or -1 */
    uint32_t depth;
};

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

static bool makes_variable(const struct cel_node *node)
{
    return node->kind == CEL_NODE_BIND || node->kind == CEL_NODE_LOOP ||
           node->kind == CEL_NODE_OPTIONAL_MAP;
}

static uint32_t depth_of(const struct cel_node *node, int method, struct bound *bounds);

static uint32_t depth_of_variable(const struct cel_node *node, int method, struct bound *bounds)
{
    for (struct bound *bound = bounds; bound; bound = bound->outer) {
        if (bound->by->slot != node->slot &&
            (bound->by->kind != CEL_NODE_LOOP || bound->by->second != node->slot))
            continue;
        if (bound->method != method)
            bound->depth = depth_of(bound->by->children[0], method, bound->outer);
        bound->method = method;
        return bound->depth;
    }
    return 0;
}

/* How many calls of the method stand within each other's second arguments, at most, there or in
 * what a variable stands for. */
static uint32_t depth_of(const struct cel_node *node, int method, struct bound *bounds)
{
    struct bound made = {.outer = bounds, .by = node, .method = -1};
    uint32_t depth = 0;
    bool calls = node->kind == CEL_NODE_HOST && node->slot == method;
    if (node->kind == CEL_NODE_LOCAL || node->kind == CEL_NODE_BOUND)
        return depth_of_variable(node, method, bounds);
    for (uint32_t i = 0; i < node->count; i++) {
        struct bound *seen = i && makes_variable(node) ? &made : bounds;
        uint32_t within = depth_of(node->children[i], method, seen) + (calls && i == 1);
        depth = within > depth ? within : depth;
    }
    return depth;
}

static void tell(const struct walk *walk, const struct cel_node *node,
                 const struct cel_node *parent, struct bound *bounds)
{
    struct cel_call call = {.method = node->slot,
                            .count = (int)node->count,
                            .offset = node->offset,
                            .length = node->length,
                            .depth = depth_of(node, node->slot, bounds),
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
                  const struct cel_node *parent, struct bound *bounds)
{
    struct bound made = {.outer = bounds, .by = node, .method = -1};
    if (node->kind == CEL_NODE_HOST)
        tell(walk, node, parent, bounds);
    for (uint32_t i = 0; i < node->count; i++)
        visit(walk, node->children[i], node, i && makes_variable(node) ? &made : bounds);
}

void cel_calls(const struct cel_program *program,
               void (*on_call)(void *context, const struct cel_call *call), void *context)
{
    const struct walk walk = {on_call, context};
    visit(&walk, program->root, NULL, NULL);
}
