/* What `again: collect` demands of a rule. */
#ifndef NUDGED_RULES_RULE_COLLECT_H
#define NUDGED_RULES_RULE_COLLECT_H

#include "rules/rule.h"
#include "rules/rule_reader.h"

/* Faults where a step that waits may come behind a send: what joined meanwhile would be in no
 * message. */
void rule_collect_check(const struct rule_reader *reader, const struct rule *rule);

/* Faults where an expression that is asked before a journey begins (NULL: none) reads `collected`.
 * `place`: where it is written. */
void rule_collect_refuse(const struct rule_reader *reader, const struct value *place,
                         const struct cel_program *program);

#endif
