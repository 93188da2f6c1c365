/*
 * Literals of an expression: what the bytes of a number or a quoted string
 * stand for (cel-spec, doc/langdef.md, "String and Bytes Values").
 */
#ifndef NUDGED_CEL_CEL_LITERAL_H
#define NUDGED_CEL_CEL_LITERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "cel/cel_token.h"

/* Reads the number at lexer->at into `token`. */
bool cel_literal_number(struct cel_lexer *lexer, struct cel_token *token);

/* Reads the string or bytes at lexer->at; the prefix (r, b, br in either case)
 * has `prefix` bytes, 0 to 2. */
bool cel_literal_string(struct cel_lexer *lexer, uint32_t prefix, struct cel_token *token);

#endif
