/*
 * From the text of an expression to its tree (cel-spec, doc/langdef.md,
 * "Syntax"), with the optional syntax of cel-go: a.?b, a[?b], [?a], {?a: b}.
 */
#ifndef NUDGED_CEL_CEL_PARSE_H
#define NUDGED_CEL_CEL_PARSE_H

#include "cel/cel_ast.h"
#include "cel/cel_lex.h"

struct cel_parser {
    struct cel_lexer lexer;
    struct cel_token token; /* the one that comes next */
    uint32_t end;           /* where the one before ended */
    uint32_t depth;         /* of the recursion, at most CEL_DEPTH_MOST */
    struct arena *arena;
    struct diag *diag;
};

/* The tree of `text` (NUL-terminated, valid UTF-8), or NULL. */
struct cel_node *cel_parse(struct arena *arena, const char *text, uint32_t length,
                           struct diag *diag);

/* For the macros: an error at the bytes of a node; returns NULL. */
struct cel_node *cel_parse_error(struct cel_parser *parser, const struct cel_node *at,
                                 const char *message, const char *hint);

#endif
