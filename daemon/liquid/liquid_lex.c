#include "liquid/liquid_lex.h"

#include <string.h>

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool liquid_lex_letter(char c)
{
    return is_name_start(c) || liquid_lex_digit(c);
}

const char *liquid_lex_skip_space(const char *at, const char *end)
{
    while (at < end && liquid_lex_space(*at))
        at++;
    return at;
}

const char *liquid_lex_cut_space(const char *at, const char *end)
{
    while (end > at && liquid_lex_space(end[-1]))
        end--;
    return end;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && liquid_lex_digit(*at))
        at++;
    return at;
}

/* A point belongs to the number only where a digit follows: (1..5). */
static void read_number(struct liquid_lex *lex)
{
    lex->at = skip_digits(lex->at + 1, lex->end);
    if (lex->end - lex->at >= 2 && lex->at[0] == '.' && liquid_lex_digit(lex->at[1]))
        lex->at = skip_digits(lex->at + 1, lex->end);
    lex->token = LIQUID_TOKEN_NUMBER;
}

static void read_name(struct liquid_lex *lex, bool after_dot)
{
    while (lex->at < lex->end && (liquid_lex_letter(*lex->at) || *lex->at == '-'))
        lex->at++;
    if (lex->at < lex->end && *lex->at == '?')
        lex->at++;
    lex->token = LIQUID_TOKEN_NAME;
    if (!after_dot && lex->at - lex->text == 8 && memcmp(lex->text, "contains", 8) == 0)
        lex->token = LIQUID_TOKEN_COMPARISON;
}

static void read_string(struct liquid_lex *lex)
{
    const char *close = memchr(lex->at + 1, *lex->at, (size_t)(lex->end - lex->at - 1));
    lex->token = close ? LIQUID_TOKEN_STRING : LIQUID_TOKEN_BAD;
    lex->at = close ? close + 1 : lex->end;
}

static void read_sign(struct liquid_lex *lex)
{
    char c = *lex->at, next = lex->end - lex->at > 1 ? lex->at[1] : '\0';
    bool pair = (next == '=' && (c == '=' || c == '!' || c == '<' || c == '>')) ||
                (c == '<' && next == '>');
    if (pair || c == '<' || c == '>')
        lex->token = LIQUID_TOKEN_COMPARISON;
    else if (c == '.' && next == '.')
        lex->token = LIQUID_TOKEN_DOTDOT;
    else
        lex->token = memchr("|.:,[]()?-", c, 10) ? LIQUID_TOKEN_OTHER : LIQUID_TOKEN_BAD;
    lex->at += pair || lex->token == LIQUID_TOKEN_DOTDOT ? 2 : 1;
}

void liquid_lex_next(struct liquid_lex *lex)
{
    bool after_dot = liquid_lex_is(lex, '.');
    lex->at = liquid_lex_skip_space(lex->at, lex->end);
    lex->text = lex->at;
    if (lex->at == lex->end) {
        lex->token = LIQUID_TOKEN_END;
    } else {
        char c = *lex->at;
        if (is_name_start(c))
            read_name(lex, after_dot);
        else if (liquid_lex_digit(c) ||
                 (c == '-' && lex->end - lex->at > 1 && liquid_lex_digit(lex->at[1])))
            read_number(lex);
        else if (c == '"' || c == '\'')
            read_string(lex);
        else
            read_sign(lex);
    }
    lex->length = (uint32_t)(lex->at - lex->text);
}

void liquid_lex_open(struct liquid_lex *lex, const char *text, size_t length)
{
    *lex = (struct liquid_lex){.at = text, .end = text + length};
    liquid_lex_next(lex);
}

bool liquid_lex_skip(struct liquid_lex *lex, char c)
{
    if (!liquid_lex_is(lex, c))
        return false;
    liquid_lex_next(lex);
    return true;
}

bool liquid_lex_word(struct liquid_lex *lex, const char *word)
{
    if (lex->token != LIQUID_TOKEN_NAME || lex->length != strlen(word) ||
        memcmp(lex->text, word, lex->length) != 0)
        return false;
    liquid_lex_next(lex);
    return true;
}

bool liquid_lex_is_keyword(const struct liquid_lex *lex)
{
    if (lex->token != LIQUID_TOKEN_NAME)
        return false;
    struct liquid_lex ahead = *lex;
    liquid_lex_next(&ahead);
    return liquid_lex_is(&ahead, ':');
}
