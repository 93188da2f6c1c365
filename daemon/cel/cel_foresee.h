/* What an expression may ask the host that is dear to answer, before it is known what it will. */
#ifndef NUDGED_CEL_CEL_FORESEE_H
#define NUDGED_CEL_CEL_FORESEE_H

#include "cel/cel.h"

/* Asks each remote method of the expression, as far as its arguments are known without the
 * others' answers: also those that an evaluation would not reach, for one before them failed.
 * Results and failures mean nothing; the host hears the calls. */
void cel_foresee(const struct cel_program *program, const struct cel_input *input,
                 struct arena *arena);

#endif
