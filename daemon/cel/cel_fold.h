/*
 * The last pass over a tree: finds out what each part depends on, evaluates what
 * is constant, makes paths and sets of what can be one, and gives every node its
 * evaluator.
 */
#ifndef NUDGED_CEL_CEL_FOLD_H
#define NUDGED_CEL_CEL_FOLD_H

#include "cel/cel_run.h"

/* `program` has its text and locals. Where `diag` is not NULL, a constant part that
 * always fails is an error, else it is left to fail at run time. */
bool cel_fold(struct arena *arena, const struct cel_program *program, struct cel_node *root,
              struct diag *diag);

#endif
