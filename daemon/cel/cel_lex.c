#include "cel/cel_lex.h"

#include <string.h>

#include "base/utf8.h"
#include "cel/cel_diag.h"
#include "cel/cel_literal.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void skip_space(struct cel_lexer *lexer)
{
    for (;;) {
        while (is_space(lexer->text[lexer->at]))
            lexer->at++;
        if (lexer->text[lexer->at] != '/' || lexer->text[lexer->at + 1] != '/')
            return;
        while (lexer->at < lexer->length && lexer->text[lexer->at] != '\n')
            lexer->at++;
    }
}

/* Bytes of the prefix of a quoted string that begins here, or -1 where none does. */
static int string_prefix(const char *at)
{
    int prefix = 0;
    if (at[prefix] == 'b' || at[prefix] == 'B')
        prefix++;
    if (at[prefix] == 'r' || at[prefix] == 'R')
        prefix++;
    return at[prefix] == '"' || at[prefix] == '\'' ? prefix : -1;
}

static bool is_reserved(const char *name, size_t length)
{
    static const char *const reserved[] = {
        "as",  "break", "const",   "continue",  "else",   "for", "function", "if",    "import",
        "let", "loop",  "package", "namespace", "return", "var", "void",     "while",
    };
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strlen(reserved[i]) == length && memcmp(reserved[i], name, length) == 0)
            return true;
    return false;
}

static bool lex_name(struct cel_lexer *lexer, struct cel_token *token)
{
    static const struct {
        const char *word;
        enum cel_token_kind kind;
        struct value value;
    } keywords[] = {
        {"true", CEL_TOKEN_LITERAL, {.kind = VALUE_BOOL, .boolean = true}},
        {"false", CEL_TOKEN_LITERAL, {.kind = VALUE_BOOL}},
        {"null", CEL_TOKEN_LITERAL, {.kind = VALUE_NULL}},
        {"in", CEL_TOKEN_IN, {.kind = VALUE_NULL}},
    };
    const char *name = lexer->text + lexer->at;
    uint32_t length = 0;
    while (is_name_start(name[length]) || is_digit(name[length]))
        length++;
    token->kind = CEL_TOKEN_NAME;
    token->length = length;
    token->value = value_string(name, length);
    token->reserved = is_reserved(name, length);
    lexer->at += length;
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        if (strlen(keywords[i].word) == length && memcmp(keywords[i].word, name, length) == 0) {
            token->kind = keywords[i].kind;
            token->value = keywords[i].value;
        }
    }
    return true;
}

static bool lex_quoted(struct cel_lexer *lexer, struct cel_token *token)
{
    const char *start = lexer->text + lexer->at + 1;
    uint32_t length = 0;
    while (is_name_start(start[length]) || is_digit(start[length]) ||
           (start[length] && strchr("-./ ", start[length])))
        length++;
    if (start[length] != '`' || length == 0)
        return cel_diag_error(lexer->diag, lexer->text, lexer->length, lexer->at, length + 1,
                              "a name between back-quotes holds letters, digits and _ - . / only",
                              "write map[\"name\"] for any other name");
    token->kind = CEL_TOKEN_QUOTED;
    token->length = length + 2;
    token->value = value_string(start, length);
    lexer->at += token->length;
    return true;
}

/* What begins no word and is no operator: says what was probably meant. */
static bool unknown_character(struct cel_lexer *lexer)
{
    static const struct {
        const char *text, *message, *hint;
    } known[] = {
        {"=>", "`=>` is no operator", "write `>=`"},
        {"=<", "`=<` is no operator", "write `<=`"},
        {"=~", "`=~` is no operator", "write `text.matches(pattern)`"},
        {"<>", "`<>` is no operator", "write `!=`"},
        {"=", "a single `=` is no operator", "write `==` to compare"},
        {"&", "a single `&` is no operator", "write `&&`"},
        {"|", "a single `|` is no operator", "write `||`"},
        {"\u201c", "typographic quotes do not begin a string", "write \"…\" or '…'"},
        {"\u201d", "typographic quotes do not begin a string", "write \"…\" or '…'"},
        {"\u201e", "typographic quotes do not begin a string", "write \"…\" or '…'"},
        {"\u2018", "typographic quotes do not begin a string", "write \"…\" or '…'"},
        {"\u2019", "typographic quotes do not begin a string", "write \"…\" or '…'"},
        {"\u2260", "`≠` is no operator", "write `!=`"},
        {"\u2264", "`≤` is no operator", "write `<=`"},
        {"\u2265", "`≥` is no operator", "write `>=`"},
        {"#", "`#` begins no comment here", "comments begin with `//`"},
        {"{{", "`{{` belongs into templates", "an expression stands without: order.total > 20"},
        {";", "`;` is not part of an expression", "leave it out; conditions are joined by `&&`"},
        {"€", "`€` is not part of an expression", "a sum stands without its currency"},
        {"£", "`£` is not part of an expression", "a sum stands without its currency"},
        {"\u00a0", "a no-break space stands here, where a space is meant",
         "replace it by a space; it often comes along when text is copied"},
        {"$", "`$` is not part of an expression", "variables are written bare: `order.total`"},
    };
    const char *at = lexer->text + lexer->at;
    if (*at == '=' && lexer->at >= 2 && at[-1] == '=' && strchr("=!", at[-2]))
        return cel_diag_error(lexer->diag, lexer->text, lexer->length, lexer->at - 2, 3,
                              at[-2] == '!' ? "`!==` is no operator" : "`===` is no operator",
                              at[-2] == '!' ? "write `!=`" : "write `==`");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t width = (uint32_t)strlen(known[i].text);
        if (strncmp(at, known[i].text, width) == 0)
            return cel_diag_error(lexer->diag, lexer->text, lexer->length, lexer->at, width,
                                  known[i].message, known[i].hint);
    }
    uint32_t width = (uint32_t)utf8_width(at, lexer->length - lexer->at);
    return cel_diag_error(lexer->diag, lexer->text, lexer->length, lexer->at, width,
                          "this character is not part of an expression", NULL);
}

static bool lex_mark(struct cel_lexer *lexer, struct cel_token *token)
{
    static const struct {
        char first, second;
        int mark;
    } doubles[] = {
        {'&', '&', CEL_MARK_AND},        {'|', '|', CEL_MARK_OR},
        {'=', '=', CEL_MARK_EQUAL},      {'!', '=', CEL_MARK_UNEQUAL},
        {'<', '=', CEL_MARK_LESS_EQUAL}, {'>', '=', CEL_MARK_GREATER_EQUAL},
    };
    const char *at = lexer->text + lexer->at;
    token->kind = CEL_TOKEN_MARK;
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        if (at[0] == doubles[i].first && at[1] == doubles[i].second) {
            token->mark = doubles[i].mark;
            token->length = 2;
            lexer->at += 2;
            return true;
        }
    }
    if (!*at || !strchr("()[]{}.,:?!-+*/%<>", *at) || (at[0] == '<' && at[1] == '>') ||
        (at[0] == '{' && at[1] == '{'))
        return unknown_character(lexer);
    token->mark = *at;
    token->length = 1;
    lexer->at++;
    return true;
}

bool cel_lex(struct cel_lexer *lexer, struct cel_token *token)
{
    skip_space(lexer);
    const char *at = lexer->text + lexer->at;
    *token = (struct cel_token){.kind = CEL_TOKEN_END, .offset = lexer->at};
    if (lexer->at == lexer->length)
        return true;
    int prefix = string_prefix(at);
    if (prefix >= 0)
        return cel_literal_string(lexer, (uint32_t)prefix, token);
    if (is_digit(*at) || (*at == '.' && is_digit(at[1])))
        return cel_literal_number(lexer, token);
    if (is_name_start(*at))
        return lex_name(lexer, token);
    if (*at == '`')
        return lex_quoted(lexer, token);
    return lex_mark(lexer, token);
}
