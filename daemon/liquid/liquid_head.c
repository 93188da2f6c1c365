#include "liquid/liquid_head.h"

#include "liquid/liquid_expression.h"
#include "liquid/liquid_lax.h"

bool liquid_head_parse(struct liquid_parser *parser, struct liquid_lex *lex,
                       struct liquid_head *head)
{
    if (!liquid_parser_take_name(parser, lex, "a name", &head->variable))
        return false;
    if (!liquid_lex_word(lex, "in"))
        return liquid_parser_expected(parser, lex, "`in`");
    const char *from = lex->text;
    head->collection = liquid_expression_parse(parser, lex);
    if (head->collection)
        head->text = liquid_expression_text(parser, from, lex->text);
    return head->collection;
}

bool liquid_head_lax(struct liquid_parser *parser, const struct slice *markup,
                     struct liquid_head *head, const char **behind)
{
    const char *at = markup->text, *end = at + markup->length;
    struct slice variable, in;
    if (!liquid_lax_fragment(&at, end, &variable) || !liquid_lax_fragment(&at, end, &in) ||
        !slice_is(in, "in") || !liquid_lax_fragment(&at, end, &head->text))
        return false;
    head->variable = liquid_name_of(variable.text, variable.length);
    head->collection = liquid_lax_expression(parser, &head->text);
    *behind = liquid_lex_skip_space(at, end);
    return true;
}
