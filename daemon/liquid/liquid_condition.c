#include "liquid/liquid_condition.h"

#include "liquid/liquid_expression.h"
#include "liquid/liquid_lax.h"
#include "liquid/liquid_variables.h"

static const struct {
    const char *text;
    enum liquid_operator relation;
} operators[] = {
    {"==", LIQUID_EQUAL},    {"!=", LIQUID_UNEQUAL},        {"<>", LIQUID_UNEQUAL},
    {"<", LIQUID_BELOW},     {">", LIQUID_ABOVE},           {"<=", LIQUID_AT_MOST},
    {">=", LIQUID_AT_LEAST}, {"contains", LIQUID_CONTAINS},
};

static enum liquid_operator find_operator(const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strlen(operators[i].text) == length && memcmp(operators[i].text, text, length) == 0)
            return operators[i].relation;
    return LIQUID_UNKNOWN;
}

static struct liquid_condition *parse_comparison(struct liquid_parser *parser,
                                                 struct liquid_lex *lex)
{
    struct liquid_condition *condition = arena_zero(parser->arena, sizeof *condition);
    condition->left = liquid_expression_parse(parser, lex);
    if (!condition->left)
        return NULL;
    if (lex->token != LIQUID_TOKEN_COMPARISON)
        return condition;
    condition->relation = find_operator(lex->text, lex->length);
    liquid_lex_next(lex);
    condition->right = liquid_expression_parse(parser, lex);
    return condition->right ? condition : NULL;
}

/* What other languages write. Returns NULL. */
static const struct liquid_condition *hint_operator(struct liquid_parser *parser,
                                                    const struct liquid_lex *lex, const char *begin)
{
    static const struct {
        char sign;
        const char *hint;
    } hints[] = {{'=', "write `==` to compare"},
                 {'&', "write `and`"},
                 {'|', "write `or`"},
                 {'!', "there is no negation: use `unless`, or compare with `== false`"}};
    const char *end = lex->text;
    while (end > begin && end[-1] == ' ')
        end--;
    if (end - begin >= 3 && memcmp(end - 3, "not", 3) == 0)
        diag_hint(parser->diag, "%s", hints[3].hint);
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (lex->token != LIQUID_TOKEN_END && *lex->text == hints[i].sign)
            diag_hint(parser->diag, "%s", hints[i].hint);
    return NULL;
}

static const struct liquid_condition *parse_strict(struct liquid_parser *parser,
                                                   const struct slice *markup)
{
    struct liquid_lex lex;
    liquid_lex_open(&lex, markup->text, markup->length);
    struct liquid_condition *first = parse_comparison(parser, &lex), *last = first;
    while (last) {
        last->any = liquid_lex_word(&lex, "or");
        if (!last->any && !liquid_lex_word(&lex, "and"))
            break;
        struct liquid_condition *next = parse_comparison(parser, &lex);
        last->next = next;
        last = next;
    }
    if (last && liquid_parser_take_end(parser, &lex))
        return first;
    return hint_operator(parser, &lex, markup->text);
}

static bool is_joint(const struct slice *fragment)
{
    return slice_is(*fragment, "and") || slice_is(*fragment, "or");
}

/* `left`, then perhaps an operator and `right`; what else stands there is passed over. */
static struct liquid_condition *lax_comparison(struct liquid_parser *parser, const char *at,
                                               const char *end)
{
    struct slice left, right;
    if (!liquid_lax_fragment(&at, end, &left))
        return NULL;
    struct liquid_condition *condition = arena_zero(parser->arena, sizeof *condition);
    condition->left = liquid_lax_expression(parser, &left);
    const char *start = at = liquid_lex_skip_space(at, end);
    while (at < end && ((*at >= 'a' && *at <= 'z') || memchr("=!<>_", *at, 5)))
        at++;
    if (at == start)
        return condition;
    condition->relation = find_operator(start, (size_t)(at - start));
    if (condition->relation == LIQUID_UNKNOWN && parser->forgives)
        return NULL;
    at = liquid_lex_skip_space(at, end);
    const char *stop = liquid_lax_skip(at, end);
    right = slice_between(at, stop);
    condition->right = liquid_lax_expression(parser, &right);
    return condition;
}

static const struct liquid_condition *parse_lax(struct liquid_parser *parser,
                                                const struct slice *markup)
{
    const char *at = markup->text, *end = at + markup->length, *start = at;
    struct liquid_condition *first = NULL, *last = NULL;
    for (bool more = true; more;) {
        struct slice fragment;
        bool any = false;
        const char *stop = end;
        for (more = false; !more && liquid_lax_fragment(&at, end, &fragment);)
            if (is_joint(&fragment)) {
                more = true;
                any = *fragment.text == 'o';
                stop = fragment.text;
            }
        struct liquid_condition *next = lax_comparison(parser, start, stop);
        if (!next)
            return NULL;
        next->any = any;
        if (last)
            last->next = next;
        else
            first = next;
        last = next;
        start = at;
    }
    return first;
}

const struct liquid_condition *liquid_condition_parse(struct liquid_parser *parser,
                                                      const struct slice *markup)
{
    const struct liquid_condition *condition = parse_strict(parser, markup);
    if (condition || !parser->lax)
        return condition;
    condition = parse_lax(parser, markup);
    if (condition)
        liquid_parser_forgive(parser);
    return condition;
}

bool liquid_condition_evaluate(struct liquid_run *run, const struct liquid_condition *condition,
                               bool *result)
{
    for (; condition; condition = condition->next) {
        if (!liquid_compare(run, condition->relation, condition->left, condition->right, result))
            return liquid_run_place(run, condition->left->offset);
        if (*result == condition->any)
            break;
    }
    return true;
}

void liquid_condition_visit(struct liquid_visit *visit, const struct liquid_condition *condition)
{
    for (; condition; condition = condition->next) {
        liquid_variables_expression(visit, condition->left);
        liquid_variables_expression(visit, condition->right);
    }
}
