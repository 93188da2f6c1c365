/* Writes what happened into a *.test.yaml file, in place of the expectations that were not met. */
#ifndef NUDGED_CTL_RULE_TEST_UPDATE_H
#define NUDGED_CTL_RULE_TEST_UPDATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "ctl/rule_test.h"

/* Lines of a file, and what stands there from now on. */
struct rule_test_edit {
    uint32_t from, to; /* from 1; the last included */
    const char *text;
};

struct rule_test_edits {
    struct rule_test_edit *items; /* from the first line to the last */
    uint32_t count, capacity;
};

/* Adds an edit for each expectation of the test that was not met; the number of those that cannot
 * be written so: of a list in brackets, or where a message cannot be made. All lies in `arena`. */
uint32_t rule_test_update_add(const struct rule_test_runner *runner, const struct rule_test *test,
                              struct rule_test_result *result, struct arena *arena,
                              struct rule_test_edits *edits);

/* Writes the file with its edits; everything else in it stays, byte for byte. */
bool rule_test_update_write(const struct settings_source *source,
                            const struct rule_test_edits *edits, struct diag *diag);

#endif
