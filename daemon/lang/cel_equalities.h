/* The equalities that a condition cannot do without: what cel_equalities() tells. */
#ifndef NUDGED_LANG_CEL_EQUALITIES_H
#define NUDGED_LANG_CEL_EQUALITIES_H

#include "lang/cel_run.h"

/* Looks at the folded tree and sets program->equalities. */
void cel_equalities_find(struct arena *arena, const struct cel_environment *environment,
                         struct cel_program *program);

#endif
