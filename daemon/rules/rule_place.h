/* Faults within an expression, at their place in the file that the expression stands in. */
#ifndef NUDGED_RULES_RULE_PLACE_H
#define NUDGED_RULES_RULE_PLACE_H

#include "base/diag.h"
#include "base/settings_fault.h"

/* Moves a place within the expression in `value` to where that stands in its file. */
void rule_place_move(const struct settings_source *source, const struct value *value,
                     struct diag *diag);

#endif
