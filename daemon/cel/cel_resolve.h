/*
 * Binds the names of a tree: variables to slots, calls to the rows of functions
 * that may answer them. What is unknown is an error, or in an unchecked
 * environment a node that fails when it is reached.
 */
#ifndef NUDGED_CEL_CEL_RESOLVE_H
#define NUDGED_CEL_CEL_RESOLVE_H

#include "base/diag.h"
#include "cel/cel.h"
#include "cel/cel_ast.h"

/* `locals`: how many variables a run needs. */
bool cel_resolve(struct arena *arena, const char *text, uint32_t length,
                 const struct cel_environment *environment, struct cel_node *root, uint32_t *locals,
                 struct diag *diag);

#endif
