/*
 * Conditions that say nothing: warnings about what is always true, or never.
 */
#ifndef NUDGED_CEL_CEL_CONDITIONS_H
#define NUDGED_CEL_CEL_CONDITIONS_H

#include "cel/cel_run.h"

/* Looks at a tree whose constants are folded. */
void cel_conditions_warn(struct arena *arena, const struct cel_program *program,
                         const struct cel_node *root, struct diags *warnings);

#endif
