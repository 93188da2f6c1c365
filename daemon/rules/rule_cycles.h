/* Events of rules that lead to themselves, over any number of rules: a warning at the first of them
 * in each rule that takes part. */
#ifndef NUDGED_RULES_RULE_CYCLES_H
#define NUDGED_RULES_RULE_CYCLES_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings_fault.h"
#include "rules/rule.h"

/* The rules of a set, while they are read. All zero at first. */
struct rule_cycles {
    struct rule_cycles_node *nodes;
    uint32_t count, capacity;
};

void rule_cycles_note(struct rule_cycles *cycles, struct arena *arena, const struct rule *rule,
                      const struct settings_source *source);

/* When all are known. */
void rule_cycles_check(const struct rule_cycles *cycles, struct arena *arena, struct diags *diags);

#endif
