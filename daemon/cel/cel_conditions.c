#include "cel/cel_conditions.h"

#include <string.h>

#include "cel/cel_compare.h"
#include "cel/cel_diag.h"

/* Operands of one && that are compared with each other. */
enum { PAIRS_MOST = 64 };

struct watcher {
    struct arena *arena;
    const struct cel_program *program;
    struct diags *warnings;
};

/* “subject op value”, as in order.total >= 100. */
struct relation {
    const struct cel_node *node, *subject;
    enum cel_operator op; /* CEL_IN: `value` is a map whose keys are the set */
    struct value value;
};

static void warn(struct watcher *watcher, const struct cel_node *node, const char *message)
{
    struct diag warning;
    const struct cel_program *program = watcher->program;
    cel_diag_error(&warning, program->text, program->length, node->offset, node->length, message,
                   NULL);
    warning.level = DIAG_WARNING;
    diag_code(&warning, "cel-condition");
    diags_add(watcher->warnings, &warning);
}

static void watch_constant(struct watcher *watcher, const struct cel_node *node)
{
    if (node->kind == CEL_NODE_CONSTANT && node->value.kind == VALUE_BOOL)
        warn(watcher, node, node->value.boolean ? "this is always true" : "this is never true");
}

/* ---- Contradictions ---- */

static bool is_subject(const struct cel_node *node)
{
    return node->kind == CEL_NODE_PATH || node->kind == CEL_NODE_ROOT ||
           node->kind == CEL_NODE_MEMBER || node->kind == CEL_NODE_LOCAL;
}

static enum cel_operator turned(enum cel_operator op)
{
    return op == CEL_LESS            ? CEL_GREATER
           : op == CEL_LESS_EQUAL    ? CEL_GREATER_EQUAL
           : op == CEL_GREATER       ? CEL_LESS
           : op == CEL_GREATER_EQUAL ? CEL_LESS_EQUAL
                                     : op;
}

static bool read_relation(const struct cel_node *node, struct relation *relation)
{
    if (node->kind == CEL_NODE_IN_SET && is_subject(node->children[0])) {
        *relation = (struct relation){node, node->children[0], CEL_IN, node->value};
        return true;
    }
    if (node->kind != CEL_NODE_BINARY || node->op < CEL_EQUAL || node->op == CEL_IN)
        return false;
    const struct cel_node *left = node->children[0], *right = node->children[1];
    if (is_subject(left) && right->kind == CEL_NODE_CONSTANT)
        *relation = (struct relation){node, left, node->op, right->value};
    else if (is_subject(right) && left->kind == CEL_NODE_CONSTANT)
        *relation = (struct relation){node, right, turned(node->op), left->value};
    else
        return false;
    return true;
}

static bool same_subject(const struct watcher *watcher, const struct cel_node *a,
                         const struct cel_node *b)
{
    const char *text = watcher->program->text;
    return a->length == b->length && memcmp(text + a->offset, text + b->offset, a->length) == 0;
}

/* Whether a value meets the relation. */
static bool meets(const struct value *value, const struct relation *relation)
{
    int64_t budget = 1000;
    enum cel_order order = cel_compare(value, &relation->value);
    switch (relation->op) {
    case CEL_EQUAL:
        return cel_equal(value, &relation->value, &budget);
    case CEL_UNEQUAL:
        return !cel_equal(value, &relation->value, &budget);
    case CEL_LESS:
        return order == CEL_ORDER_LESS;
    case CEL_LESS_EQUAL:
        return order == CEL_ORDER_LESS || order == CEL_ORDER_EQUAL;
    case CEL_GREATER:
        return order == CEL_ORDER_GREATER;
    case CEL_GREATER_EQUAL:
        return order == CEL_ORDER_GREATER || order == CEL_ORDER_EQUAL;
    case CEL_IN:
        return value->kind == VALUE_STRING &&
               value_find(&relation->value, value->string, value->length);
    default:
        return true;
    }
}

/* Above `low` and below `high` there is nothing. */
static bool empty_between(const struct relation *low, const struct relation *high)
{
    bool from = low->op == CEL_GREATER || low->op == CEL_GREATER_EQUAL;
    bool to = high->op == CEL_LESS || high->op == CEL_LESS_EQUAL;
    if (!from || !to)
        return false;
    enum cel_order order = cel_compare(&low->value, &high->value);
    bool both = low->op == CEL_GREATER_EQUAL && high->op == CEL_LESS_EQUAL;
    return order == CEL_ORDER_GREATER || (order == CEL_ORDER_EQUAL && !both);
}

static bool contradict(const struct relation *a, const struct relation *b)
{
    if (a->op == CEL_EQUAL)
        return !meets(&a->value, b);
    if (b->op == CEL_EQUAL)
        return !meets(&b->value, a);
    return empty_between(a, b) || empty_between(b, a);
}

static void watch_and(struct watcher *watcher, const struct cel_node *node)
{
    struct relation relations[PAIRS_MOST];
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->count && count < PAIRS_MOST; i++) {
        struct relation *last = &relations[count];
        if (!read_relation(node->children[i], last))
            continue;
        for (uint32_t j = 0; j < count; j++) {
            if (same_subject(watcher, relations[j].subject, last->subject) &&
                contradict(&relations[j], last)) {
                const char *text = watcher->program->text;
                warn(watcher, last->node,
                     arena_printf(watcher->arena, "never true together with `%s`",
                                  cel_node_text(watcher->arena, text, relations[j].node, 60)));
                return;
            }
        }
        count++;
    }
}

static void watch(struct watcher *watcher, const struct cel_node *node)
{
    if (node->kind == CEL_NODE_PATH)
        return;
    for (uint32_t i = 0; i < node->count; i++)
        watch(watcher, node->children[i]);
    if (node->kind == CEL_NODE_AND)
        watch_and(watcher, node);
    if (node->kind == CEL_NODE_AND || node->kind == CEL_NODE_OR)
        for (uint32_t i = 0; i < node->count; i++)
            watch_constant(watcher, node->children[i]);
    if (node->kind == CEL_NODE_CONDITIONAL)
        watch_constant(watcher, node->children[0]);
}

void cel_conditions_warn(struct arena *arena, const struct cel_program *program,
                         const struct cel_node *root, struct diags *warnings)
{
    struct watcher watcher = {arena, program, warnings};
    if (!(root->flags & CEL_FLAG_WRITTEN))
        watch_constant(&watcher, root);
    watch(&watcher, root);
}
