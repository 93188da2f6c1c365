/*
 * Expressions: a literal, a word such as `nil`, a range in parentheses, or a path,
 * name.name[index]. The first half puts them together, for lax mode too; the second reads them
 * from the tokens as the strict grammar has them, from liquid_expression_parse() down. What is
 * constant becomes a value here, also a range between two numbers, so that the render has only
 * paths to follow.
 */
#include "liquid/liquid_expression.h"

#include "base/decimal.h"
#include "liquid/liquid_number.h"
#include "liquid/liquid_value.h"

static const struct {
    const char *word;
    uint8_t expression;
    uint8_t value;
    bool boolean;
} words[] = {
    {"nil", LIQUID_CONSTANT, VALUE_NULL, false},  {"null", LIQUID_CONSTANT, VALUE_NULL, false},
    {"true", LIQUID_CONSTANT, VALUE_BOOL, true},  {"false", LIQUID_CONSTANT, VALUE_BOOL, false},
    {"empty", LIQUID_EMPTY, VALUE_STRING, false}, {"blank", LIQUID_BLANK, VALUE_STRING, false},
};

/* ---- What they are made of ---- */

struct liquid_expression *liquid_expression_new(struct liquid_parser *parser, const char *at)
{
    struct liquid_expression *expression = arena_zero(parser->arena, sizeof *expression);
    expression->offset = liquid_parser_offset(parser, at);
    return expression;
}

const struct liquid_expression *liquid_expression_constant(struct liquid_parser *parser,
                                                           const char *at, struct value value)
{
    struct liquid_expression *expression = liquid_expression_new(parser, at);
    expression->constant = value;
    return expression;
}

const struct liquid_expression *liquid_expression_word(struct liquid_parser *parser,
                                                       const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].word) != length || memcmp(words[i].word, text, length) != 0)
            continue;
        struct liquid_expression *expression = liquid_expression_new(parser, text);
        expression->kind = words[i].expression;
        expression->constant.kind = words[i].value;
        if (words[i].value == VALUE_STRING)
            expression->constant = value_string("", 0);
        else
            expression->constant.boolean = words[i].boolean;
        return expression;
    }
    return NULL;
}

static struct liquid_step *add_step(struct liquid_parser *parser, struct liquid_expression *path)
{
    struct liquid_step *steps =
        liquid_parser_grow(parser, (void *)path->steps, path->step_count, sizeof *steps);
    path->steps = steps;
    steps[path->step_count] = (struct liquid_step){0};
    return &steps[path->step_count++];
}

void liquid_expression_member(struct liquid_parser *parser, struct liquid_expression *path,
                              const char *text, size_t length)
{
    static const char *const commands[] = {
        [LIQUID_SIZE] = "size", [LIQUID_FIRST] = "first", [LIQUID_LAST] = "last"};
    struct liquid_step *step = add_step(parser, path);
    step->name = liquid_name_of(text, length);
    for (uint8_t i = LIQUID_SIZE; i <= LIQUID_LAST; i++)
        if (strlen(commands[i]) == length && memcmp(commands[i], text, length) == 0)
            step->command = i;
}

/* An index that is a constant string is a name, but never a command. */
void liquid_expression_index(struct liquid_parser *parser, struct liquid_expression *path,
                             const struct liquid_expression *index)
{
    struct liquid_step *step = add_step(parser, path);
    if (index->kind == LIQUID_CONSTANT && index->constant.kind == VALUE_STRING)
        step->name = liquid_name_of(index->constant.string, index->constant.length);
    else
        step->index = index;
}

/* A constant as the end of a range; false for what has no integer. */
static bool range_bound(const struct liquid_expression *expression, int64_t *bound)
{
    struct liquid_number number;
    const struct value *value = &expression->constant;
    if (value->kind == VALUE_BOOL || value->kind == VALUE_EXTENSION)
        return false;
    if (value->kind == VALUE_STRING)
        number = liquid_number_text(value->string, value->length);
    else if (!liquid_number_of(value, &number))
        return false;
    *bound = liquid_number_truncate(&number);
    return true;
}

const struct liquid_expression *liquid_expression_range(struct liquid_parser *parser,
                                                        const char *at,
                                                        const struct liquid_expression *from,
                                                        const struct liquid_expression *to)
{
    struct liquid_expression *range = liquid_expression_new(parser, at);
    if (from->kind == LIQUID_PATH || to->kind == LIQUID_PATH || from->kind == LIQUID_RANGE ||
        to->kind == LIQUID_RANGE) {
        range->kind = LIQUID_RANGE;
        range->from = from;
        range->to = to;
        return range;
    }
    struct liquid_range bounds;
    if (!range_bound(from, &bounds.from) || !range_bound(to, &bounds.to)) {
        liquid_parser_fail(parser, at, 1, "a range needs numbers on both sides");
        return NULL;
    }
    range->constant = liquid_value_range(parser->arena, bounds.from, bounds.to);
    return range;
}

/* ---- How they are read ---- */

/* What stands between brackets; the opening one is the present token. */
static const struct liquid_expression *parse_brackets(struct liquid_parser *parser,
                                                      struct liquid_lex *lex)
{
    if (parser->brackets >= LIQUID_BRACKETS_MOST) {
        liquid_parser_fail(parser, lex->text, 1, "brackets are nested too deep");
        return NULL;
    }
    liquid_lex_next(lex);
    parser->brackets++;
    const struct liquid_expression *index = liquid_expression_parse(parser, lex);
    parser->brackets--;
    if (!index)
        return NULL;
    if (!liquid_lex_skip(lex, ']')) {
        liquid_parser_expected(parser, lex, "`]`");
        return NULL;
    }
    return index;
}

static bool parse_steps(struct liquid_parser *parser, struct liquid_lex *lex,
                        struct liquid_expression *path)
{
    for (;;) {
        if (liquid_lex_is(lex, '[')) {
            const struct liquid_expression *index = parse_brackets(parser, lex);
            if (!index)
                return false;
            liquid_expression_index(parser, path, index);
        } else if (liquid_lex_skip(lex, '.')) {
            if (lex->token != LIQUID_TOKEN_NAME)
                return liquid_parser_expected(parser, lex, "a name behind the dot");
            liquid_expression_member(parser, path, lex->text, lex->length);
            liquid_lex_next(lex);
        } else {
            return true;
        }
    }
}

/* A path that begins with its first name in brackets. */
static const struct liquid_expression *
parse_root(struct liquid_parser *parser, struct liquid_lex *lex, struct liquid_expression *path)
{
    liquid_parser_fail(parser, lex->text, 1, "brackets without a variable before them");
    diag_hint(parser->diag, "write `self[…]`");
    if (!parser->lax_tags)
        return NULL;
    liquid_parser_forgive(parser);
    path->root = parse_brackets(parser, lex);
    if (!path->root)
        return NULL;
    if (path->root->kind == LIQUID_CONSTANT && path->root->constant.kind == VALUE_STRING)
        path->name = liquid_name_of(path->root->constant.string, path->root->constant.length);
    return parse_steps(parser, lex, path) ? path : NULL;
}

static const struct liquid_expression *parse_path(struct liquid_parser *parser,
                                                  struct liquid_lex *lex)
{
    struct liquid_expression *path = liquid_expression_new(parser, lex->text);
    path->kind = LIQUID_PATH;
    if (liquid_lex_is(lex, '['))
        return parse_root(parser, lex, path);
    const char *text = lex->text;
    uint32_t length = lex->length;
    liquid_lex_next(lex);
    if (!liquid_lex_is(lex, '.') && !liquid_lex_is(lex, '[')) {
        const struct liquid_expression *word = liquid_expression_word(parser, text, length);
        if (word)
            return word;
    }
    path->name = liquid_name_of(text, length);
    return parse_steps(parser, lex, path) ? path : NULL;
}

static struct value number_value(struct liquid_parser *parser, const char *text, size_t length)
{
    if (memchr(text, '.', length))
        return value_double(decimal_read(text, length));
    struct liquid_number number = liquid_number_text(text, length);
    return liquid_number_value(parser->arena, &number);
}

static const struct liquid_expression *parse_range(struct liquid_parser *parser,
                                                   struct liquid_lex *lex)
{
    const char *at = lex->text;
    if (parser->brackets >= LIQUID_BRACKETS_MOST) {
        liquid_parser_fail(parser, at, 1, "brackets are nested too deep");
        return NULL;
    }
    liquid_lex_next(lex);
    parser->brackets++;
    const struct liquid_expression *from = liquid_expression_parse(parser, lex), *to = NULL;
    if (from && lex->token != LIQUID_TOKEN_DOTDOT)
        liquid_parser_expected(parser, lex, "`..` of a range");
    if (from && lex->token == LIQUID_TOKEN_DOTDOT) {
        liquid_lex_next(lex);
        to = liquid_expression_parse(parser, lex);
    }
    parser->brackets--;
    if (!to)
        return NULL;
    if (!liquid_lex_skip(lex, ')')) {
        liquid_parser_expected(parser, lex, "`)`");
        return NULL;
    }
    return liquid_expression_range(parser, at, from, to);
}

const struct liquid_expression *liquid_expression_parse(struct liquid_parser *parser,
                                                        struct liquid_lex *lex)
{
    const char *text = lex->text;
    uint32_t length = lex->length;
    if (lex->token == LIQUID_TOKEN_NAME || liquid_lex_is(lex, '['))
        return parse_path(parser, lex);
    if (liquid_lex_is(lex, '('))
        return parse_range(parser, lex);
    if (lex->token == LIQUID_TOKEN_STRING) {
        liquid_lex_next(lex);
        return liquid_expression_constant(parser, text, value_string(text + 1, length - 2));
    }
    if (lex->token == LIQUID_TOKEN_NUMBER) {
        liquid_lex_next(lex);
        return liquid_expression_constant(parser, text, number_value(parser, text, length));
    }
    liquid_parser_expected(parser, lex, "a value");
    return NULL;
}

struct slice liquid_expression_text(struct liquid_parser *parser, const char *from, const char *to)
{
    struct liquid_lex lex;
    struct slice text = {arena_alloc(parser->arena, (size_t)(to - from) + 1), 0};
    char *out = (char *)text.text;
    for (liquid_lex_open(&lex, from, (size_t)(to - from)); lex.token != LIQUID_TOKEN_END;
         liquid_lex_next(&lex)) {
        memcpy(out + text.length, lex.text, lex.length);
        text.length += lex.length;
    }
    return text;
}
