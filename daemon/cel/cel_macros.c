#include "cel/cel_macros.h"

#include "cel/cel_diag.h"

struct loop_macro {
    const char *name;
    uint8_t arguments; /* without the receiver */
    uint8_t variables;
    uint8_t loop;
    bool filtered; /* the argument before the last is a condition */
};

static const struct loop_macro loop_macros[] = {
    {"all", 2, 1, CEL_LOOP_ALL, false},
    {"all", 3, 2, CEL_LOOP_ALL, false},
    {"exists", 2, 1, CEL_LOOP_EXISTS, false},
    {"exists", 3, 2, CEL_LOOP_EXISTS, false},
    {"exists_one", 2, 1, CEL_LOOP_EXISTS_ONE, false},
    {"exists_one", 3, 2, CEL_LOOP_EXISTS_ONE, false},
    {"existsOne", 2, 1, CEL_LOOP_EXISTS_ONE, false},
    {"existsOne", 3, 2, CEL_LOOP_EXISTS_ONE, false},
    {"filter", 2, 1, CEL_LOOP_FILTER, false},
    {"map", 2, 1, CEL_LOOP_MAP, false},
    {"map", 3, 1, CEL_LOOP_MAP, true},
    {"transformList", 3, 2, CEL_LOOP_MAP, false},
    {"transformList", 4, 2, CEL_LOOP_MAP, true},
    {"transformMap", 3, 2, CEL_LOOP_TRANSFORM_MAP, false},
    {"transformMap", 4, 2, CEL_LOOP_TRANSFORM_MAP, true},
    {"transformMapEntry", 3, 2, CEL_LOOP_TRANSFORM_ENTRY, false},
    {"transformMapEntry", 4, 2, CEL_LOOP_TRANSFORM_ENTRY, true},
    {"sortBy", 2, 1, CEL_LOOP_SORT_BY, false},
};

const char *const cel_macros_names[] = {
    "all",        "bind",          "exists",       "exists_one",
    "existsOne",  "filter",        "has",          "map",
    "optFlatMap", "optMap",        "or",           "orValue",
    "sortBy",     "transformList", "transformMap", "transformMapEntry",
    NULL,
};

static struct cel_node *refuse(const struct cel_lexer *lexer, const struct cel_node *at,
                               const char *message, const char *hint)
{
    cel_diag_error(lexer->diag, lexer->text, lexer->length, at->offset, at->length, message, hint);
    return NULL;
}

static bool is_variable(const struct cel_node *node)
{
    return node->kind == CEL_NODE_NAME && !(node->flags & CEL_FLAG_GLOBAL);
}

/* Makes another kind of node in the place of the call. */
static struct cel_node *replace(const struct cel_lexer *lexer, const struct cel_node *call,
                                enum cel_node_kind kind, struct cel_node *const *children,
                                uint32_t count)
{
    struct cel_node *node = cel_node_new(lexer->arena, kind, call->offset, call->length);
    node->mark = call->mark;
    cel_node_adopt(lexer->arena, node, children, count);
    return node;
}

static struct cel_node *expand_has(const struct cel_lexer *lexer, struct cel_node *call)
{
    struct cel_node *field = call->children[0];
    if (field->kind == CEL_NODE_SELECT && !(field->flags & CEL_FLAG_TEST)) {
        field->flags |= CEL_FLAG_TEST;
        field->offset = call->offset;
        field->length = call->length;
        return field;
    }
    const char *hint = "write has(order.coupon); for a key that is no name: \"key\" in map";
    return refuse(lexer, field, "has() asks for a field", hint);
}

static struct cel_node *expand_loop(const struct cel_lexer *lexer, struct cel_node *call,
                                    const struct loop_macro *macro)
{
    struct cel_node **arguments = call->children + 1;
    for (uint32_t i = 0; i < macro->variables; i++)
        if (!is_variable(arguments[i]))
            return refuse(lexer, arguments[i], "a variable's name is expected here",
                          "for example: items.exists(item, item.price > 10)");
    if (macro->variables == 2 && value_equal(&arguments[0]->value, &arguments[1]->value))
        return refuse(lexer, arguments[1], "both variables have the same name", NULL);

    struct cel_node *children[3] = {call->children[0], arguments[macro->arguments - 1],
                                    arguments[macro->arguments - 2]};
    struct cel_node *loop = replace(lexer, call, CEL_NODE_LOOP, children, macro->filtered ? 3 : 2);
    loop->op = macro->loop;
    loop->name = arguments[0]->value;
    if (macro->variables == 2)
        loop->other_name = arguments[1]->value;
    return loop;
}

static struct cel_node *expand_bind(const struct cel_lexer *lexer, struct cel_node *call)
{
    if (!is_variable(call->children[1]))
        return refuse(lexer, call->children[1], "a variable's name is expected here",
                      "cel.bind(name, value, expression)");
    struct cel_node *bind = replace(lexer, call, CEL_NODE_BIND, call->children + 2, 2);
    bind->name = call->children[1]->value;
    return bind;
}

static struct cel_node *expand_optional_map(const struct cel_lexer *lexer, struct cel_node *call,
                                            bool flat)
{
    if (!is_variable(call->children[1]))
        return refuse(lexer, call->children[1], "a variable's name is expected here",
                      "optional.optMap(name, expression)");
    struct cel_node *children[] = {call->children[0], call->children[2]};
    struct cel_node *map = replace(lexer, call, CEL_NODE_OPTIONAL_MAP, children, 2);
    map->name = call->children[1]->value;
    map->flags = flat ? CEL_FLAG_FLAT : 0;
    return map;
}

static struct cel_node *expand_receiver(const struct cel_lexer *lexer, struct cel_node *call)
{
    uint32_t arguments = call->count - 1u;
    for (size_t i = 0; i < sizeof loop_macros / sizeof *loop_macros; i++)
        if (loop_macros[i].arguments == arguments &&
            value_is_text(&call->value, loop_macros[i].name))
            return expand_loop(lexer, call, &loop_macros[i]);
    const struct cel_node *receiver = call->children[0];
    if (arguments == 3 && value_is_text(&call->value, "bind") && is_variable(receiver) &&
        value_is_text(&receiver->value, "cel"))
        return expand_bind(lexer, call);
    bool flat = value_is_text(&call->value, "optFlatMap");
    if (arguments == 2 && (flat || value_is_text(&call->value, "optMap")))
        return expand_optional_map(lexer, call, flat);
    bool unwrap = value_is_text(&call->value, "orValue");
    if (arguments == 1 && (unwrap || value_is_text(&call->value, "or"))) {
        struct cel_node *node = replace(lexer, call, CEL_NODE_OR_ELSE, call->children, 2);
        node->flags = unwrap ? CEL_FLAG_UNWRAP : 0;
        return node;
    }
    return call;
}

struct cel_node *cel_macros_expand(const struct cel_lexer *lexer, struct cel_node *call)
{
    if (call->flags & CEL_FLAG_RECEIVER)
        return expand_receiver(lexer, call);
    if (call->count == 1 && value_is_text(&call->value, "has"))
        return expand_has(lexer, call);
    return call;
}
