#include "liquid/liquid_parser.h"

#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"

enum { FIRST_CAPACITY = 4, SHOWN_MOST = 40 };

uint32_t liquid_parser_offset(const struct liquid_parser *parser, const char *at)
{
    return (uint32_t)(at - parser->template->text);
}

void *liquid_parser_grow(struct liquid_parser *parser, void *array, uint32_t count, size_t size)
{
    /* Full when it is empty, and at each power of two from the first capacity on. */
    if (count > 0 && (count < FIRST_CAPACITY || (count & (count - 1)) != 0))
        return array;
    size_t capacity = count ? (size_t)count * 2 : FIRST_CAPACITY;
    void *grown = arena_alloc(parser->arena, capacity * size);
    if (count)
        memcpy(grown, array, count * size);
    return grown;
}

bool liquid_parser_fail(struct liquid_parser *parser, const char *at, size_t length,
                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    diag_verror(parser->diag, format, args);
    va_end(args);
    if (!parser->diag)
        return false;
    diag_code(parser->diag, "liquid-syntax");
    liquid_tree_place(parser->template, liquid_parser_offset(parser, at), parser->diag);
    parser->diag->width = (uint32_t)utf8_count(at, length);
    return false;
}

bool liquid_parser_forgive(struct liquid_parser *parser)
{
    struct diags *slips = parser->template->options->slips;
    if (parser->forgives && slips && parser->diag) {
        parser->diag->level = DIAG_WARNING;
        if (!*parser->diag->hint)
            diag_hint(parser->diag, "it is passed over, as Shopify does");
        diags_add(slips, parser->diag);
    }
    diag_clear(parser->diag);
    return true;
}

int liquid_parser_shown(const struct liquid_lex *lex)
{
    return (int)(lex->length < SHOWN_MOST ? lex->length : utf8_floor(lex->text, SHOWN_MOST));
}

/* What comes from other template languages, and from word processors. */
static void hint_sign(struct liquid_parser *parser, const struct liquid_lex *lex, const char *what)
{
    static const struct {
        const char *sign, *hint;
    } signs[] = {
        {"\u201c", "write straight quotes: \"…\""},
        {"\u201d", "write straight quotes: \"…\""},
        {"\u201e", "write straight quotes: \"…\""},
        {"\u2018", "write straight quotes: '…'"},
        {"\u2019", "write straight quotes: '…'"},
        {"\u00a0", "a no-break space stands here: replace it by a space"},
        {"{", "two braces are enough; what is not to be escaped is `{{ … | raw }}`"},
        {"#", "blocks are tags here: {% if … %} … {% endif %}, {% for … %} … {% endfor %}"},
        {"/", "blocks are tags here: {% if … %} … {% endif %}, {% for … %} … {% endfor %}"},
    };
    if (liquid_lex_is(lex, ',') && strcmp(what, "`in`") == 0)
        diag_hint(parser->diag, "one name: of a map it is a pair, `pair[0]` and `pair[1]`");
    if (strcmp(what, "a value") != 0)
        return;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (lex->text < lex->end && strncmp(lex->text, signs[i].sign, strlen(signs[i].sign)) == 0)
            diag_hint(parser->diag, "%s", signs[i].hint);
}

bool liquid_parser_expected(struct liquid_parser *parser, const struct liquid_lex *lex,
                            const char *what)
{
    int shown = liquid_parser_shown(lex);
    if (lex->token == LIQUID_TOKEN_END)
        return liquid_parser_fail(parser, lex->text, 0, "%s is missing", what);
    if (lex->token == LIQUID_TOKEN_BAD && (*lex->text == '"' || *lex->text == '\''))
        return liquid_parser_fail(parser, lex->text, 1, "a string without its closing quote");
    if (lex->token == LIQUID_TOKEN_BAD)
        shown = (int)utf8_width(lex->text, (size_t)(lex->end - lex->text));
    liquid_parser_fail(parser, lex->text, (size_t)shown, "unexpected `%.*s`, where %s should be",
                       shown, lex->text, what);
    hint_sign(parser, lex, what);
    return false;
}

bool liquid_parser_take_name(struct liquid_parser *parser, struct liquid_lex *lex, const char *what,
                             struct liquid_name *name)
{
    if (lex->token != LIQUID_TOKEN_NAME)
        return liquid_parser_expected(parser, lex, what);
    *name = liquid_name_of(lex->text, lex->length);
    liquid_lex_next(lex);
    return true;
}

bool liquid_parser_take_end(struct liquid_parser *parser, const struct liquid_lex *lex)
{
    return lex->token == LIQUID_TOKEN_END || liquid_parser_expected(parser, lex, "the end");
}
