/*
 * From the text of an expression to its words (cel-spec, doc/langdef.md, "Syntax").
 * Literals come with their values: escapes are resolved, numbers converted.
 */
#ifndef NUDGED_CEL_CEL_LEX_H
#define NUDGED_CEL_CEL_LEX_H

#include "cel/cel_token.h"

/* Takes the next word. False: the text holds none here, `diag` says why. */
bool cel_lex(struct cel_lexer *lexer, struct cel_token *token);

#endif
