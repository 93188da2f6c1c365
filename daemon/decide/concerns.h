/* What an event concerns: of many types nothing. */
#ifndef NUDGED_DECIDE_CONCERNS_H
#define NUDGED_DECIDE_CONCERNS_H

#include <stdbool.h>

#include "rules/ruleset.h"

/* Whether a rule, a field of the configuration or nudged itself asks for events of that type. */
bool concerns_any(const struct ruleset *rules, const char *type);

#endif
