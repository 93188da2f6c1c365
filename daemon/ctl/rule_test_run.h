/* Runs a rule test: its events through decide/replay, and each message through compose. */
#ifndef NUDGED_CTL_RULE_TEST_RUN_H
#define NUDGED_CTL_RULE_TEST_RUN_H

#include "ctl/rule_test.h"

/* What happened, and what of that was not expected (ctl/rule_test_check). */
void rule_test_run(const struct rule_test_runner *runner, const struct rule_test *test,
                   struct rule_test_result *result);

#endif
