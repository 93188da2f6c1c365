/* A rule as a flowchart of Mermaid. */
#ifndef NUDGED_CTL_GRAPH_RULE_H
#define NUDGED_CTL_GRAPH_RULE_H

#include <stdbool.h>

#include "base/buf.h"
#include "rules/ruleset.h"

/* Appends the nodes and edges of the rule, behind `flowchart TD`. The names of nodes begin with
 * `prefix`. What it emits leads to rules of the set: to the first nodes of those for which `number`
 * tells one (their prefix is then "r", the number and "_"), to a node for the others; -1: none. */
void graph_rule_put(struct buf *out, const struct ruleset *rules, const struct rule *rule,
                    const char *prefix, int (*number)(void *context, const struct rule *rule),
                    void *context);

#endif
