/*
 * Looks at a tree before it runs: calls and operators that can only fail, things
 * that never compare, conditions that are none, fields that no sample has. The
 * names are resolved already.
 */
#ifndef NUDGED_CEL_CEL_CHECK_H
#define NUDGED_CEL_CEL_CHECK_H

#include "cel/cel_run.h"
#include "cel/cel_type.h"

/* `gives`: what the whole expression may give. False: `diag` has the first error. */
bool cel_check(struct arena *arena, const struct cel_program *program,
               const struct cel_environment *environment, const struct cel_node *root,
               cel_kinds *gives, struct diags *warnings, struct diag *diag);

#endif
