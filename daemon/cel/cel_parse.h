/*
 * From the text of an expression to its tree (cel-spec, doc/langdef.md,
 * "Syntax"), with the optional syntax of cel-go: a.?b, a[?b], [?a], {?a: b}.
 */
#ifndef NUDGED_CEL_CEL_PARSE_H
#define NUDGED_CEL_CEL_PARSE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"
#include "cel/cel_ast.h"

/* The tree of `text` (NUL-terminated, valid UTF-8), or NULL. *strings: a list of the string
 * literals in it, in their order. */
struct cel_node *cel_parse(struct arena *arena, const char *text, uint32_t length,
                           struct value *strings, struct diag *diag);

#endif
