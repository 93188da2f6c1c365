/* The steps of a rule: `steps`, or `send` with `wait` beside it. */
#ifndef NUDGED_RULES_RULE_STEPS_H
#define NUDGED_RULES_RULE_STEPS_H

#include "base/shape.h"
#include "base/value.h"
#include "rules/rule.h"
#include "rules/rule_reader.h"

extern const struct shape rule_steps_shape; /* of the rule's `steps` */

/* Fills rule->steps, step_count and waits; rule->on is set. Faults go to
 * reader->diags. `rule_value` is the rule's mapping. */
void rule_steps_read(const struct rule_reader *reader, const struct value *rule_value,
                     struct rule *rule);

#endif
