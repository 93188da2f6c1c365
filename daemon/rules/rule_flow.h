/*
 * Where a rule's journeys can go: warnings about steps that none reaches, about a branch that
 * sets what its own `if` reads, and about more marketing than the cap lets through.
 */
#ifndef NUDGED_RULES_RULE_FLOW_H
#define NUDGED_RULES_RULE_FLOW_H

#include "base/diag.h"
#include "base/setting.h"
#include "base/settings_fault.h"
#include "rules/rule.h"

/* `cap`: of the installation; count 0: none. */
void rule_flow_check(const struct rule *rule, const struct settings_source *source,
                     const struct setting_rate *cap, struct arena *arena, struct diags *diags);

#endif
