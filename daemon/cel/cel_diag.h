/* Faults of an expression, shown at their place in its text. */
#ifndef NUDGED_CEL_CEL_DIAG_H
#define NUDGED_CEL_CEL_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

/* Fills `diag` with an error at `width` bytes of the text from `offset` on, of the code
 * cel-syntax (the passes behind the parser set their own); always false. `hint` may be NULL. */
bool cel_diag_error(struct diag *diag, const char *text, uint32_t length, uint32_t offset,
                    uint32_t width, const char *message, const char *hint);

#endif
