/*
 * The words of an expression, and where their reading stands: what the lexer and its
 * readers of literals share.
 */
#ifndef NUDGED_CEL_CEL_TOKEN_H
#define NUDGED_CEL_CEL_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"

enum cel_token_kind {
    CEL_TOKEN_END,
    CEL_TOKEN_NAME,     /* also a reserved word: `reserved` is set */
    CEL_TOKEN_QUOTED,   /* `content-type`, between back-quotes */
    CEL_TOKEN_LITERAL,  /* `value` holds it; also true, false and null */
    CEL_TOKEN_NEGATIVE, /* 9223372036854775808, which only a minus before it makes an int */
    CEL_TOKEN_IN,
    CEL_TOKEN_MARK, /* `mark` says which */
};

enum cel_mark {
    CEL_MARK_OPEN_PAREN = '(',
    CEL_MARK_CLOSE_PAREN = ')',
    CEL_MARK_OPEN_BRACKET = '[',
    CEL_MARK_CLOSE_BRACKET = ']',
    CEL_MARK_OPEN_BRACE = '{',
    CEL_MARK_CLOSE_BRACE = '}',
    CEL_MARK_DOT = '.',
    CEL_MARK_COMMA = ',',
    CEL_MARK_COLON = ':',
    CEL_MARK_QUESTION = '?',
    CEL_MARK_NOT = '!',
    CEL_MARK_MINUS = '-',
    CEL_MARK_PLUS = '+',
    CEL_MARK_STAR = '*',
    CEL_MARK_SLASH = '/',
    CEL_MARK_PERCENT = '%',
    CEL_MARK_LESS = '<',
    CEL_MARK_GREATER = '>',
    CEL_MARK_AND = 256,
    CEL_MARK_OR,
    CEL_MARK_EQUAL,
    CEL_MARK_UNEQUAL,
    CEL_MARK_LESS_EQUAL,
    CEL_MARK_GREATER_EQUAL,
};

struct cel_token {
    enum cel_token_kind kind;
    int mark;
    bool reserved;
    uint32_t offset, length; /* bytes of the text */
    struct value value;      /* of a literal; a name's bytes as a string */
};

struct cel_lexer {
    struct arena *arena;
    const char *text; /* NUL-terminated */
    uint32_t length;
    uint32_t at; /* bytes that were read */
    struct diag *diag;
};

#endif
