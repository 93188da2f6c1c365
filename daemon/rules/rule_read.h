/* Reads a rule from one YAML document: its keys here, its steps in rule_steps. */
#ifndef NUDGED_RULES_RULE_READ_H
#define NUDGED_RULES_RULE_READ_H

#include "base/settings.h"
#include "rules/rule.h"
#include "rules/rule_reader.h"

/* The table of a rule's keys: for the reference and the editors' schema. */
extern const struct setting rule_settings[];
extern const struct shape rule_shape; /* of a whole document */

/* NULL where there was an error (in reader->diags). The rule shares the document's values. */
struct rule *rule_read(const struct rule_reader *reader, const struct value *document);

#endif
