#include "cel/cel_ast.h"

#include "base/utf8.h"

struct cel_node *cel_node_new(struct arena *arena, enum cel_node_kind kind, uint32_t offset,
                              uint32_t length)
{
    struct cel_node *node = arena_zero(arena, sizeof *node);
    node->kind = (uint8_t)kind;
    node->offset = offset;
    node->length = length;
    node->mark = offset;
    node->height = 1;
    node->weight = 1;
    node->slot = -1;
    node->second = -1;
    node->lowest = INT32_MAX;
    return node;
}

void cel_node_adopt(struct arena *arena, struct cel_node *node, struct cel_node *const *children,
                    uint32_t count)
{
    node->count = (uint16_t)count;
    node->children = arena_alloc(arena, sizeof *children * (count ? count : 1));
    node->height = 1;
    node->weight = 1;
    for (uint32_t i = 0; i < count; i++) {
        node->children[i] = children[i];
        node->weight += children[i]->weight;
        if (node->height <= children[i]->height)
            node->height = (uint16_t)(children[i]->height + 1);
    }
}

const char *cel_node_text(struct arena *arena, const char *text, const struct cel_node *node,
                          size_t most)
{
    const char *start = text + node->offset;
    if (node->length <= most)
        return arena_copy(arena, start, node->length);
    size_t cut = utf8_floor(start, most - strlen("…"));
    return arena_printf(arena, "%.*s…", (int)cut, start);
}

const char *cel_operator_text(enum cel_operator op)
{
    static const char *const texts[] = {
        [CEL_ADD] = "+",      [CEL_SUBTRACT] = "-",       [CEL_MULTIPLY] = "*",
        [CEL_DIVIDE] = "/",   [CEL_REMAINDER] = "%",      [CEL_EQUAL] = "==",
        [CEL_UNEQUAL] = "!=", [CEL_LESS] = "<",           [CEL_LESS_EQUAL] = "<=",
        [CEL_GREATER] = ">",  [CEL_GREATER_EQUAL] = ">=", [CEL_IN] = "in",
    };
    return texts[op];
}
