/* Expressions of a rule file: compiled, with faults shown at their place in the file. */
#ifndef NUDGED_RULES_RULE_EXPRESSION_H
#define NUDGED_RULES_RULE_EXPRESSION_H

#include <stdbool.h>

#include "base/value.h"
#include "cel/cel.h"
#include "rules/rule_reader.h"

/* Keys of rule files whose values are expressions: for base/yaml. NULL-terminated. */
extern const char *const rule_expression_keys[];

/* Compiles the expression in `value` (a string as it was read from YAML). Errors and
 * warnings go to reader->diags; NULL where there was an error, or where `value` is NULL
 * or null. `types` are the event types whose data it may name; NULL where the reader
 * knows none. */
struct cel_program *rule_expression(const struct rule_reader *reader, const struct value *value,
                                    const char *const *types);

/* Likewise for a condition: one that is never true nor false is a fault. */
struct cel_program *rule_condition(const struct rule_reader *reader, const struct value *value,
                                   const char *const *types);

/* Whether it may also be asked of events of these types alone, as far as their samples tell. */
bool rule_expression_fits(const struct rule_reader *reader, const struct value *value,
                          const char *const *types);

#endif
