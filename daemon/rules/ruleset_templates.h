/* Whether what a rule sends is there: the template, and a channel to send it by. */
#ifndef NUDGED_RULES_RULESET_TEMPLATES_H
#define NUDGED_RULES_RULESET_TEMPLATES_H

#include "rules/ruleset.h"

/* Adds an error for each template that is missing, and a warning for each channel that
 * is not configured. Without settings->has_template nothing is looked at. */
void ruleset_templates_check(const struct ruleset_settings *settings,
                             const struct settings_source *source, const struct rule *rule,
                             struct diags *diags);

#endif
