/*
 * Which steps may look at the events of their journey: the one that began it, those that it met or
 * collected. Who goes on at another need not read them.
 */
#ifndef NUDGED_RULES_RULE_LOOKS_BACK_H
#define NUDGED_RULES_RULE_LOOKS_BACK_H

#include "rules/rule.h"

/* Sets `looks_back` of all steps. The rule is read, and all its expressions are compiled. */
void rule_looks_back_note(struct rule *rule);

#endif
