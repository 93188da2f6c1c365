/*
 * The macros: has(), the comprehensions of one and two variables, cel.bind,
 * optMap and optFlatMap. Each is a call that the parser gives away here.
 */
#ifndef NUDGED_CEL_CEL_MACROS_H
#define NUDGED_CEL_CEL_MACROS_H

#include "cel/cel_ast.h"
#include "cel/cel_token.h"

/* What stands for the call: the call itself where its name and count of arguments
 * are no macro's; NULL where they are, and the arguments are wrong. `lexer` has the text
 * that the call stands in, and where nodes and faults go. */
struct cel_node *cel_macros_expand(const struct cel_lexer *lexer, struct cel_node *call);

/* The names of all macros, NULL-terminated: for "did you mean". */
extern const char *const cel_macros_names[];

#endif
