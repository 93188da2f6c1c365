/*
 * Recursive descent, one function for each level of precedence. A function that
 * returns NULL has filled the diag; its callers only pass that on.
 */
#include "cel/cel_parse.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cel/cel.h"
#include "cel/cel_diag.h"
#include "cel/cel_lex.h"
#include "cel/cel_macros.h"

struct parser {
    struct cel_lexer lexer;
    struct cel_token token; /* the one that comes next */
    uint32_t end;           /* where the one before ended */
    uint32_t depth;         /* of the recursion, at most CEL_DEPTH_MOST */
    struct value strings;   /* a list: the literals of the text so far */
};

/* Children as they come in. */
struct nodes {
    struct cel_node **items;
    uint32_t count, capacity;
};

static struct cel_node *parse_expression(struct parser *parser);

static struct cel_node *error_at(struct parser *parser, uint32_t offset, uint32_t width,
                                 const char *message, const char *hint)
{
    const struct cel_lexer *lexer = &parser->lexer;
    cel_diag_error(lexer->diag, lexer->text, lexer->length, offset, width, message, hint);
    return NULL;
}

static bool advance(struct parser *parser)
{
    parser->end = parser->token.offset + parser->token.length;
    return cel_lex(&parser->lexer, &parser->token);
}

static bool sees(const struct parser *parser, int mark)
{
    return parser->token.kind == CEL_TOKEN_MARK && parser->token.mark == mark;
}

/* Words of other languages where an operator is due. */
static const char *operator_hint(const struct cel_token *token)
{
    static const struct {
        const char *word, *hint;
    } words[] = {
        {"and", "write `&&`"},
        {"AND", "write `&&`"},
        {"or", "write `||`"},
        {"OR", "write `||`"},
        {"is", "write `==`"},
        {"equals", "write `==`"},
        {"not", "write `!(… in …)`"},
        {"contains", "write `text.contains(part)`"},
        {"like", "write `text.contains(part)`"},
        {"matches", "write `text.matches(pattern)`"},
        {"between", "write `least <= value && value <= most`"},
        {"if", "write `condition ? value : other`"},
    };
    if (token->kind != CEL_TOKEN_NAME)
        return NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (value_is_text(&token->value, words[i].word))
            return words[i].hint;
    return NULL;
}

/* Whether what was read last is a `not`: a name, so that the fault is seen behind it. */
static bool stands_behind_not(const struct parser *parser)
{
    const char *text = parser->lexer.text;
    uint32_t end = parser->end;
    return end >= 3 && strncasecmp(text + end - 3, "not", 3) == 0 &&
           (end == 3 || strchr(" \t\n(&|!", text[end - 4]));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "20%", and "20,00". */
static const char *number_hint(const struct parser *parser)
{
    const char *text = parser->lexer.text;
    uint32_t at = parser->token.offset, end = parser->end;
    if (parser->token.kind == CEL_TOKEN_END && end >= 2 && text[end - 1] == '%' &&
        is_digit(text[end - 2]))
        return "a percentage is a number: leave `%` out";
    if (at > 0 && text[at] == ',' && is_digit(text[at - 1]) && is_digit(text[at + 1]))
        return "decimals stand behind a point: 20.50";
    return NULL;
}

static struct cel_node *unexpected(struct parser *parser, const char *wanted)
{
    const struct cel_token *token = &parser->token;
    const char *hint = operator_hint(token);
    if (!hint)
        hint = number_hint(parser);
    if (!hint && token->kind != CEL_TOKEN_END && stands_behind_not(parser))
        hint = "write `!` in place of `not`";
    char message[160];
    if (token->kind == CEL_TOKEN_END)
        snprintf(message, sizeof message, "the expression ends where %s is expected", wanted);
    else
        snprintf(message, sizeof message, "%s is expected, not `%.*s`", wanted,
                 token->length > 40 ? 40 : (int)token->length, parser->lexer.text + token->offset);
    return error_at(parser, token->offset, token->length, message, hint);
}

static bool expect(struct parser *parser, int mark, const char *wanted)
{
    if (!sees(parser, mark)) {
        unexpected(parser, wanted);
        return false;
    }
    return advance(parser);
}

static void push(struct parser *parser, struct nodes *nodes, struct cel_node *node)
{
    nodes->items = arena_grow(parser->lexer.arena, nodes->items, nodes->count, &nodes->capacity,
                              sizeof *nodes->items);
    nodes->items[nodes->count++] = node;
}

/* A node from `start` to the end of what was read last. */
static struct cel_node *make(struct parser *parser, enum cel_node_kind kind, uint32_t start,
                             struct cel_node *const *children, uint32_t count)
{
    struct arena *arena = parser->lexer.arena;
    uint32_t length = parser->end - start;
    struct cel_node *node = cel_node_new(arena, kind, start, length);
    if (count > CEL_CHILDREN_MOST)
        return error_at(parser, start, length, "too many elements in one expression", NULL);
    cel_node_adopt(arena, node, children, count);
    if (node->height > CEL_HEIGHT_MOST)
        return error_at(parser, start, length, "the expression is nested too deeply", NULL);
    return node;
}

/* [“?”] expression {“,” …} up to `close`, which is taken too. In a map, each element is a
 * key, “:” and a value. */
static bool parse_elements(struct parser *parser, int close, const char *wanted, bool map,
                           bool entries, struct nodes *nodes)
{
    while (!sees(parser, close)) {
        bool optional = entries && sees(parser, CEL_MARK_QUESTION);
        if (optional && !advance(parser))
            return false;
        struct cel_node *node = parse_expression(parser);
        if (!node)
            return false;
        if (optional)
            node->flags |= CEL_FLAG_ENTRY;
        push(parser, nodes, node);
        if (map) {
            if (!expect(parser, CEL_MARK_COLON, "`:` after a key"))
                return false;
            if (!(node = parse_expression(parser)))
                return false;
            push(parser, nodes, node);
        }
        if (!sees(parser, CEL_MARK_COMMA))
            break;
        if (!advance(parser))
            return false;
        if (sees(parser, close) && !entries) {
            unexpected(parser, "an argument");
            return false;
        }
    }
    return expect(parser, close, wanted);
}

static struct cel_node *parse_container(struct parser *parser, bool map)
{
    uint32_t start = parser->token.offset;
    struct nodes nodes = {0};
    int close = map ? CEL_MARK_CLOSE_BRACE : CEL_MARK_CLOSE_BRACKET;
    if (!advance(parser) ||
        !parse_elements(parser, close, map ? "`}` or `,`" : "`]` or `,`", map, true, &nodes))
        return NULL;
    return make(parser, map ? CEL_NODE_MAP : CEL_NODE_LIST, start, nodes.items, nodes.count);
}

/* The arguments behind a name, the opening parenthesis being next. */
static struct cel_node *parse_call(struct parser *parser, uint32_t start, uint32_t mark,
                                   struct value name, struct cel_node *receiver)
{
    struct nodes nodes = {0};
    if (receiver)
        push(parser, &nodes, receiver);
    if (!advance(parser) ||
        !parse_elements(parser, CEL_MARK_CLOSE_PAREN, "`)` or `,`", false, false, &nodes))
        return NULL;
    struct cel_node *call = make(parser, CEL_NODE_CALL, start, nodes.items, nodes.count);
    if (!call)
        return NULL;
    call->value = name;
    call->mark = mark;
    call->flags = receiver ? CEL_FLAG_RECEIVER : 0;
    return cel_macros_expand(&parser->lexer, call);
}

static struct cel_node *parse_name(struct parser *parser)
{
    uint32_t start = parser->token.offset, mark;
    bool global = sees(parser, CEL_MARK_DOT);
    if (global && !advance(parser))
        return NULL;
    struct cel_token name = parser->token;
    mark = name.offset;
    if (name.kind != CEL_TOKEN_NAME)
        return unexpected(parser, "a name");
    if (name.reserved)
        return error_at(parser, name.offset, name.length, "this word is reserved, no name",
                        operator_hint(&name));
    if (!advance(parser))
        return NULL;
    if (sees(parser, CEL_MARK_OPEN_PAREN))
        return parse_call(parser, start, mark, name.value, NULL);
    struct cel_node *node = make(parser, CEL_NODE_NAME, start, NULL, 0);
    node->value = name.value;
    node->mark = mark;
    node->flags = global ? CEL_FLAG_GLOBAL : 0;
    return node;
}

static struct cel_node *parse_literal(struct parser *parser, uint32_t start)
{
    struct value value = parser->token.value;
    if (value.kind == VALUE_STRING)
        value_push(parser->lexer.arena, parser->strings, value);
    if (!advance(parser))
        return NULL;
    struct cel_node *node = make(parser, CEL_NODE_CONSTANT, start, NULL, 0);
    node->value = value;
    node->flags = CEL_FLAG_WRITTEN;
    return node;
}

static struct cel_node *parse_primary(struct parser *parser)
{
    const struct cel_token *token = &parser->token;
    if (token->kind == CEL_TOKEN_LITERAL)
        return parse_literal(parser, token->offset);
    if (token->kind == CEL_TOKEN_NEGATIVE)
        return error_at(parser, token->offset, token->length,
                        "the number does not fit into 64 bits", NULL);
    if (token->kind == CEL_TOKEN_NAME || sees(parser, CEL_MARK_DOT))
        return parse_name(parser);
    if (sees(parser, CEL_MARK_OPEN_BRACKET))
        return parse_container(parser, false);
    if (sees(parser, CEL_MARK_OPEN_BRACE))
        return parse_container(parser, true);
    if (!sees(parser, CEL_MARK_OPEN_PAREN))
        return unexpected(parser, "a value");
    if (!advance(parser))
        return NULL;
    struct cel_node *inner = parse_expression(parser);
    return inner && expect(parser, CEL_MARK_CLOSE_PAREN, "`)`") ? inner : NULL;
}

/* “.” [“?”] name, or a call of a method. The dot is next. */
static struct cel_node *parse_select(struct parser *parser, uint32_t start, struct cel_node *object)
{
    if (!advance(parser))
        return NULL;
    bool optional = sees(parser, CEL_MARK_QUESTION);
    if (optional && !advance(parser))
        return NULL;
    struct cel_token name = parser->token;
    if (name.kind != CEL_TOKEN_NAME && name.kind != CEL_TOKEN_QUOTED)
        return unexpected(parser, "a name after the dot");
    if (!advance(parser))
        return NULL;
    if (sees(parser, CEL_MARK_OPEN_PAREN) && !optional && name.kind == CEL_TOKEN_NAME)
        return parse_call(parser, start, name.offset, name.value, object);
    struct cel_node *node = make(parser, CEL_NODE_SELECT, start, &object, 1);
    if (!node)
        return NULL;
    node->value = name.value;
    node->mark = name.offset;
    node->flags = optional ? CEL_FLAG_OPTIONAL : 0;
    return node;
}

static struct cel_node *parse_index(struct parser *parser, uint32_t start, struct cel_node *object)
{
    uint32_t mark = parser->token.offset;
    if (!advance(parser))
        return NULL;
    bool optional = sees(parser, CEL_MARK_QUESTION);
    if (optional && !advance(parser))
        return NULL;
    struct cel_node *index = parse_expression(parser);
    if (!index || !expect(parser, CEL_MARK_CLOSE_BRACKET, "`]`"))
        return NULL;
    struct cel_node *node =
        make(parser, CEL_NODE_INDEX, start, (struct cel_node *[]){object, index}, 2);
    if (!node)
        return NULL;
    node->mark = mark;
    node->flags = optional ? CEL_FLAG_OPTIONAL : 0;
    return node;
}

static struct cel_node *parse_member(struct parser *parser)
{
    uint32_t start = parser->token.offset;
    struct cel_node *node = parse_primary(parser);
    while (node) {
        if (sees(parser, CEL_MARK_DOT))
            node = parse_select(parser, start, node);
        else if (sees(parser, CEL_MARK_OPEN_BRACKET))
            node = parse_index(parser, start, node);
        else
            break;
    }
    if (node && sees(parser, CEL_MARK_OPEN_BRACE))
        return error_at(parser, start, parser->end - start,
                        "messages of a type cannot be made here", "write a map: {\"name\": value}");
    return node;
}

/* A minus directly before a number belongs to it: -9223372036854775808. */
static bool take_sign(struct cel_token *token)
{
    bool number = token->kind == CEL_TOKEN_LITERAL || token->kind == CEL_TOKEN_NEGATIVE;
    if (!number || (token->value.kind != VALUE_INT && token->value.kind != VALUE_DOUBLE))
        return false;
    if (token->value.kind == VALUE_DOUBLE)
        token->value.real = -token->value.real;
    else if (token->kind == CEL_TOKEN_LITERAL)
        token->value.integer = -token->value.integer;
    token->kind = CEL_TOKEN_LITERAL;
    return true;
}

static struct cel_node *parse_unary(struct parser *parser)
{
    int sign = sees(parser, CEL_MARK_NOT) ? CEL_MARK_NOT : CEL_MARK_MINUS;
    if (!sees(parser, sign))
        return parse_member(parser);
    uint32_t first = parser->token.offset, count = 0, start = first;
    while (sees(parser, sign)) {
        if (count++ == CEL_HEIGHT_MOST)
            return error_at(parser, first, 1, "the expression is nested too deeply", NULL);
        start = parser->token.offset;
        if (!advance(parser))
            return NULL;
    }
    if (sign == CEL_MARK_MINUS && take_sign(&parser->token)) {
        parser->token.length += parser->token.offset - start;
        parser->token.offset = start;
        count--;
    }
    struct cel_node *node = parse_member(parser);
    while (node && count-- > 0)
        node = make(parser, sign == CEL_MARK_NOT ? CEL_NODE_NOT : CEL_NODE_NEGATE, first, &node, 1);
    return node;
}

/* One level of operators that are read from left to right. */
struct level {
    struct cel_node *(*next)(struct parser *);
    struct {
        int mark;
        enum cel_operator op;
    } operators[6];
};

static struct cel_node *parse_level(struct parser *parser, const struct level *level)
{
    uint32_t start = parser->token.offset;
    struct cel_node *left = level->next(parser);
    while (left) {
        int found = -1;
        for (int i = 0; i < 6 && level->operators[i].mark; i++)
            if (sees(parser, level->operators[i].mark))
                found = i;
        bool in = level->operators[0].mark == CEL_MARK_LESS && parser->token.kind == CEL_TOKEN_IN;
        if (found < 0 && !in)
            return left;
        uint32_t mark = parser->token.offset;
        struct cel_node *right = advance(parser) ? level->next(parser) : NULL;
        if (!right)
            return NULL;
        left = make(parser, CEL_NODE_BINARY, start, (struct cel_node *[]){left, right}, 2);
        if (left) {
            left->op = (uint8_t)(in ? CEL_IN : level->operators[found].op);
            left->mark = mark;
        }
    }
    return NULL;
}

static struct cel_node *parse_product(struct parser *parser)
{
    static const struct level level = {parse_unary,
                                       {{CEL_MARK_STAR, CEL_MULTIPLY},
                                        {CEL_MARK_SLASH, CEL_DIVIDE},
                                        {CEL_MARK_PERCENT, CEL_REMAINDER}}};
    return parse_level(parser, &level);
}

static struct cel_node *parse_sum(struct parser *parser)
{
    static const struct level level = {parse_product,
                                       {{CEL_MARK_PLUS, CEL_ADD}, {CEL_MARK_MINUS, CEL_SUBTRACT}}};
    return parse_level(parser, &level);
}

static struct cel_node *parse_relation(struct parser *parser)
{
    static const struct level level = {parse_sum,
                                       {{CEL_MARK_LESS, CEL_LESS},
                                        {CEL_MARK_LESS_EQUAL, CEL_LESS_EQUAL},
                                        {CEL_MARK_GREATER, CEL_GREATER},
                                        {CEL_MARK_GREATER_EQUAL, CEL_GREATER_EQUAL},
                                        {CEL_MARK_EQUAL, CEL_EQUAL},
                                        {CEL_MARK_UNEQUAL, CEL_UNEQUAL}}};
    return parse_level(parser, &level);
}

/* All operands of a row of && (or ||) are children of one node: a long row is no deep tree. */
static struct cel_node *parse_row(struct parser *parser, int mark, enum cel_node_kind kind,
                                  struct cel_node *(*next)(struct parser *))
{
    uint32_t start = parser->token.offset, first = 0;
    struct nodes nodes = {0};
    for (;;) {
        struct cel_node *node = next(parser);
        if (!node)
            return NULL;
        push(parser, &nodes, node);
        if (!sees(parser, mark))
            break;
        if (nodes.count == 1)
            first = parser->token.offset;
        if (!advance(parser))
            return NULL;
    }
    if (nodes.count == 1)
        return nodes.items[0];
    struct cel_node *row = make(parser, kind, start, nodes.items, nodes.count);
    if (row)
        row->mark = first;
    return row;
}

static struct cel_node *parse_and(struct parser *parser)
{
    return parse_row(parser, CEL_MARK_AND, CEL_NODE_AND, parse_relation);
}

static struct cel_node *parse_or(struct parser *parser)
{
    return parse_row(parser, CEL_MARK_OR, CEL_NODE_OR, parse_and);
}

static struct cel_node *parse_conditional(struct parser *parser)
{
    uint32_t start = parser->token.offset;
    struct cel_node *test = parse_or(parser);
    if (!test || !sees(parser, CEL_MARK_QUESTION))
        return test;
    uint32_t mark = parser->token.offset;
    struct cel_node *yes = advance(parser) ? parse_or(parser) : NULL;
    if (!yes || !expect(parser, CEL_MARK_COLON, "`:` of the conditional"))
        return NULL;
    struct cel_node *no = parse_expression(parser);
    if (!no)
        return NULL;
    struct cel_node *node =
        make(parser, CEL_NODE_CONDITIONAL, start, (struct cel_node *[]){test, yes, no}, 3);
    if (node)
        node->mark = mark;
    return node;
}

static struct cel_node *parse_expression(struct parser *parser)
{
    if (parser->depth == CEL_DEPTH_MOST)
        return error_at(parser, parser->token.offset, parser->token.length,
                        "the expression is nested too deeply", NULL);
    parser->depth++;
    struct cel_node *node = parse_conditional(parser);
    parser->depth--;
    return node;
}

struct cel_node *cel_parse(struct arena *arena, const char *text, uint32_t length,
                           struct value *strings, struct diag *diag)
{
    *strings = value_new_list(arena, 0);
    struct parser parser = {
        .lexer = {.arena = arena, .text = text, .length = length, .diag = diag},
        .strings = *strings,
    };
    if (!cel_lex(&parser.lexer, &parser.token))
        return NULL;
    if (parser.token.kind == CEL_TOKEN_END)
        return error_at(&parser, 0, 0, "the expression is empty", NULL);
    struct cel_node *node = parse_expression(&parser);
    if (node && parser.token.kind != CEL_TOKEN_END)
        return unexpected(&parser, "an operator or the end");
    return node;
}
