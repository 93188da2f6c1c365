/* What an event concerns: of many types nothing. */
#ifndef NUDGED_DECIDE_CONCERNS_H
#define NUDGED_DECIDE_CONCERNS_H

#include <stdbool.h>

#include "rules/field.h"
#include "rules/ruleset.h"

/* Whether a rule, a field or nudged itself asks for events of that type. `fields`: as of policy. */
bool concerns_any(const struct ruleset *rules, const struct field *fields, const char *type);

#endif
