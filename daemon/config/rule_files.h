/* A folder of rule files: every *.yaml in it but *.test.yaml. events.yaml declares event types. */
#ifndef NUDGED_CONFIG_RULE_FILES_H
#define NUDGED_CONFIG_RULE_FILES_H

#include "base/diag.h"
#include "rules/ruleset.h"

/* Reads the files in the order of their names. NULL where there was an error; faults and
 * warnings are added to `diags`. */
struct ruleset *rule_files_load(const char *folder, const struct ruleset_settings *settings,
                                struct diags *diags);

#endif
