/*
 * The words of the markup inside {{ }} and {% %}.
 */
#ifndef NUDGED_LIQUID_LIQUID_LEX_H
#define NUDGED_LIQUID_LIQUID_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum liquid_token {
    LIQUID_TOKEN_END,
    LIQUID_TOKEN_BAD,        /* a character that begins no word, a string without its end */
    LIQUID_TOKEN_NAME,       /* letters, digits, '_' and '-', at the end perhaps '?' */
    LIQUID_TOKEN_STRING,     /* with its quotes */
    LIQUID_TOKEN_NUMBER,     /* -12, 3.5 */
    LIQUID_TOKEN_COMPARISON, /* == != <> < > <= >= contains */
    LIQUID_TOKEN_DOTDOT,
    LIQUID_TOKEN_OTHER, /* one of | . : , [ ] ( ) ? - */
};

struct liquid_lex {
    const char *at; /* behind the present token */
    const char *end;
    enum liquid_token token;
    const char *text; /* of the present token */
    uint32_t length;
};

/* Begins, and reads the first token. */
void liquid_lex_open(struct liquid_lex *lex, const char *text, size_t length);
void liquid_lex_next(struct liquid_lex *lex);

static inline bool liquid_lex_is(const struct liquid_lex *lex, char c)
{
    return lex->token == LIQUID_TOKEN_OTHER && *lex->text == c;
}

/* Passes over `c` where it is the present token. */
bool liquid_lex_skip(struct liquid_lex *lex, char c);
/* Likewise a name. */
bool liquid_lex_word(struct liquid_lex *lex, const char *word);
/* The present token is a name, and a colon follows. */
bool liquid_lex_is_keyword(const struct liquid_lex *lex);

/* White space as the language has it: blank, \t \n \v \f \r. */
static inline bool liquid_lex_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool liquid_lex_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A letter, digit or underscore of ASCII. */
bool liquid_lex_letter(char c);

/* Behind the white space at `at`. */
const char *liquid_lex_skip_space(const char *at, const char *end);
/* `end` without the white space before it. */
const char *liquid_lex_cut_space(const char *at, const char *end);

#endif
