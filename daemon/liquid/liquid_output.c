/*
 * An output, {{ value | filter: arguments | … }}, from its markup to what it prints.
 * liquid_output_parse() has it read by the strict grammar, from the tokens, and where that
 * refuses it and the mode is lax, once more by bars, colons and commas. liquid_output_value()
 * takes the value through the filters when it is rendered. Most outputs have none: these are
 * nodes of a kind of their own, that hold the expression alone.
 */
#include "liquid/liquid_output.h"

#include "liquid/liquid_evaluate.h"
#include "liquid/liquid_expression.h"
#include "liquid/liquid_lax.h"
#include "liquid/liquid_text.h"
#include "liquid/liquid_variables.h"

static struct liquid_use *add_use(struct liquid_parser *parser, struct liquid_output *output,
                                  const char *name, size_t length)
{
    struct liquid_use *uses =
        liquid_parser_grow(parser, (void *)output->uses, output->use_count, sizeof *uses);
    output->uses = uses;
    uses[output->use_count] = (struct liquid_use){
        .name = {name, length},
        .offset = liquid_parser_offset(parser, name),
    };
    return &uses[output->use_count++];
}

static bool parse_argument(struct liquid_parser *parser, struct liquid_lex *lex,
                           struct liquid_use *use)
{
    const char *name = NULL;
    uint32_t length = lex->length;
    if (liquid_lex_is_keyword(lex)) {
        name = lex->text;
        liquid_lex_next(lex);
        liquid_lex_next(lex);
    }
    const struct liquid_expression *value = liquid_expression_parse(parser, lex);
    if (!value)
        return false;
    if (!name)
        return liquid_use_argument(parser, use, value);
    liquid_use_keyword(parser, use, name, length, value);
    return true;
}

static bool may_be_value(const struct liquid_lex *lex)
{
    return lex->token == LIQUID_TOKEN_NAME || lex->token == LIQUID_TOKEN_STRING ||
           lex->token == LIQUID_TOKEN_NUMBER || liquid_lex_is(lex, '(');
}

/* `| default "y"`: what is given to a filter stands behind a colon. */
static bool fail_colon(struct liquid_parser *parser, const struct liquid_lex *lex,
                       const struct liquid_use *use)
{
    int length = (int)use->name.length;
    liquid_parser_fail(parser, lex->text, lex->length, "a `:` is missing behind `%.*s`", length,
                       use->name.text);
    if (liquid_lex_is(lex, '('))
        diag_hint(parser->diag, "arguments stand behind a colon, without parentheses: `%.*s: …`",
                  length, use->name.text);
    else
        diag_hint(parser->diag, "write `%.*s: %.*s`", length, use->name.text,
                  liquid_parser_shown(lex), lex->text);
    return false;
}

/* A comma may end the arguments. */
static bool parse_use(struct liquid_parser *parser, struct liquid_lex *lex,
                      struct liquid_output *output)
{
    if (lex->token != LIQUID_TOKEN_NAME)
        return liquid_parser_expected(parser, lex, "a filter");
    struct liquid_use *use = add_use(parser, output, lex->text, lex->length);
    liquid_lex_next(lex);
    if (liquid_lex_skip(lex, ':'))
        do {
            if (liquid_lex_is(lex, '|') || lex->token == LIQUID_TOKEN_END)
                break;
            if (!parse_argument(parser, lex, use))
                return false;
        } while (liquid_lex_skip(lex, ','));
    else if (may_be_value(lex) && liquid_use_find(parser, use))
        return fail_colon(parser, lex, use);
    return liquid_use_resolve(parser, use);
}

/* `{{ total * 2 }}`: Liquid has filters for that. Returns false. */
static bool hint_sum(struct liquid_parser *parser, const struct liquid_lex *lex)
{
    static const struct {
        char sign;
        const char *filter;
    } sums[] = {{'*', "times"}, {'+', "plus"}, {'-', "minus"}, {'/', "divided_by"}};
    if (lex->token != LIQUID_TOKEN_END && strchr("<>=?&", *lex->text))
        diag_hint(parser->diag,
                  "a condition is a tag: {%% if … %%} … {%% else %%} … {%% endif %%}");
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (lex->token != LIQUID_TOKEN_END && *lex->text == sums[i].sign)
            diag_hint(parser->diag, "filters do sums: `| %s: …`%s", sums[i].filter,
                      *lex->text == '+' ? "; texts are joined by `| append: …`" : "");
    return false;
}

static bool parse_strict(struct liquid_parser *parser, const struct slice *markup,
                         struct liquid_output *output)
{
    struct liquid_lex lex;
    *output = (struct liquid_output){0};
    liquid_lex_open(&lex, markup->text, markup->length);
    if (lex.token == LIQUID_TOKEN_END)
        return true;
    output->value = liquid_expression_parse(parser, &lex);
    if (!output->value)
        return false;
    while (liquid_lex_skip(&lex, '|'))
        if (!parse_use(parser, &lex, output))
            return false;
    return liquid_parser_take_end(parser, &lex) || hint_sum(parser, &lex);
}

/* The arguments of a filter: each fragment behind a colon or comma, perhaps `name: value`. */
static bool lax_arguments(struct liquid_parser *parser, struct liquid_use *use, const char *at,
                          const char *end)
{
    for (; at < end; at++) {
        const char *quoted = liquid_lax_skip_string(at, end);
        if (quoted > at) {
            at = quoted - 1;
            continue;
        }
        if (*at != ':' && *at != ',')
            continue;
        const char *start = liquid_lex_skip_space(at + 1, end), *word = start;
        while (word < end && liquid_lex_letter(*word))
            word++;
        const char *colon = liquid_lex_skip_space(word, end), *value = start;
        bool keyword = word > start && colon < end && *colon == ':';
        if (keyword)
            value = liquid_lex_skip_space(colon + 1, end);
        const char *stop = liquid_lax_skip(value, end);
        if (keyword && stop == value) {
            keyword = false;
            value = start;
            stop = liquid_lax_skip(value, end);
        }
        if (stop == value)
            continue;
        struct slice slice = slice_between(value, stop);
        const struct liquid_expression *expression = liquid_lax_expression(parser, &slice);
        if (keyword)
            liquid_use_keyword(parser, use, start, (size_t)(word - start), expression);
        else if (!liquid_use_argument(parser, use, expression))
            return false;
        at = stop - 1;
    }
    return true;
}

/* The end of a filter: at the next bar outside of quotes. */
static const char *filter_end(const char *at, const char *end)
{
    while (at < end && *at != '|') {
        const char *next = liquid_lax_skip_string(at, end);
        at = next > at ? next : at + 1;
    }
    return at;
}

static bool lax_filter(struct liquid_parser *parser, struct liquid_output *output, const char *at,
                       const char *end)
{
    while (at < end && !liquid_lex_letter(*at))
        at++;
    const char *name = at;
    /* Lax mode takes `money-x` for `money`; where it is to be told, it is an unknown filter. */
    while (at < end && (liquid_lex_letter(*at) || (parser->forgives && *at == '-')))
        at++;
    if (at == name)
        return true;
    struct liquid_use *use = add_use(parser, output, name, (size_t)(at - name));
    return lax_arguments(parser, use, at, end) && liquid_use_resolve(parser, use);
}

static bool parse_lax(struct liquid_parser *parser, const struct slice *markup,
                      struct liquid_output *output)
{
    const char *at = markup->text, *end = at + markup->length;
    struct slice fragment;
    *output = (struct liquid_output){0};
    if (!liquid_lax_fragment(&at, end, &fragment))
        return true;
    output->value = liquid_lax_expression(parser, &fragment);
    for (at = filter_end(at, end); at < end;) {
        const char *stop = filter_end(at + 1, end);
        if (!lax_filter(parser, output, at + 1, stop))
            return false;
        at = stop;
    }
    return true;
}

bool liquid_output_parse(struct liquid_parser *parser, const struct slice *markup,
                         struct liquid_output *output)
{
    return parse_strict(parser, markup, output) ||
           (parser->lax && parse_lax(parser, markup, output) && liquid_parser_forgive(parser));
}

bool liquid_output_value(struct liquid_run *run, const struct liquid_output *output,
                         struct value *value, bool *safe)
{
    *safe = false;
    *value = value_null();
    if (output->value && !liquid_evaluate(run, output->value, value))
        return false;
    for (uint32_t i = 0; i < output->use_count; i++) {
        const struct liquid_use *use = &output->uses[i];
        if (use->filter && !liquid_use_apply(run, use, value, safe))
            return liquid_run_place(run, use->offset);
    }
    return true;
}

void liquid_output_visit(struct liquid_visit *visit, const struct liquid_output *output)
{
    liquid_variables_expression(visit, output->value);
    for (uint32_t i = 0; i < output->use_count; i++) {
        const struct liquid_use *use = &output->uses[i];
        for (uint32_t j = 0; j < use->count; j++)
            liquid_variables_expression(visit, use->arguments[j]);
        liquid_variables_keywords(visit, use->keywords, use->keyword_count);
    }
}

static bool render_path(struct liquid_run *run, const struct liquid_node *node)
{
    struct value value;
    return liquid_evaluate(run, node->data, &value) && liquid_text_print(run, &value, run->escape);
}

static bool render_filtered(struct liquid_run *run, const struct liquid_node *node)
{
    struct value value;
    bool safe;
    return liquid_output_value(run, node->data, &value, &safe) &&
           liquid_text_print(run, &value, run->escape && !safe);
}

static void visit_path(struct liquid_visit *visit, const struct liquid_node *node)
{
    liquid_variables_expression(visit, node->data);
}

static void visit_filtered(struct liquid_visit *visit, const struct liquid_node *node)
{
    liquid_output_visit(visit, node->data);
}

bool liquid_output_node(struct liquid_parser *parser, const struct slice *markup,
                        struct liquid_node *node)
{
    static const struct liquid_kind path = {"output", render_path, visit_path};
    static const struct liquid_kind filtered = {"output", render_filtered, visit_filtered};
    struct liquid_output output;
    if (!liquid_output_parse(parser, markup, &output))
        return false;
    if (output.value && output.use_count == 0) {
        node->kind = &path;
        node->data = output.value;
        return true;
    }
    struct liquid_output *kept = arena_alloc(parser->arena, sizeof *kept);
    *kept = output;
    node->kind = &filtered;
    node->data = kept;
    return true;
}
