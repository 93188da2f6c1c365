/*
 * The macros: has(), the comprehensions of one and two variables, cel.bind,
 * optMap and optFlatMap. Each is a call that the parser gives away here.
 */
#ifndef NUDGED_CEL_CEL_MACROS_H
#define NUDGED_CEL_CEL_MACROS_H

#include "cel/cel_parse.h"

/* What stands for the call: the call itself where its name and count of arguments
 * are no macro's; NULL where they are, and the arguments are wrong. */
struct cel_node *cel_macro_expand(struct cel_parser *parser, struct cel_node *call);

/* The names of all macros, NULL-terminated: for "did you mean". */
extern const char *const cel_macro_names[];

#endif
