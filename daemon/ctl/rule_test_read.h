/* Reads a *.test.yaml file: each document is a rule test. */
#ifndef NUDGED_CTL_RULE_TEST_READ_H
#define NUDGED_CTL_RULE_TEST_READ_H

#include "base/diag.h"
#include "ctl/rule_test.h"

struct rule_test_file {
    struct settings_source source;
    struct rule_test *tests;
    uint32_t count;
};

/* All lies in the arena. Faults are added, each with its place; false where there was an error. */
bool rule_test_read(const char *path, const struct generation *generation, struct arena *arena,
                    struct rule_test_file *file, struct diags *diags);

#endif
