/* What a rule test expects, held against what happened. */
#ifndef NUDGED_CTL_RULE_TEST_CHECK_H
#define NUDGED_CTL_RULE_TEST_CHECK_H

#include "ctl/rule_test.h"
#include "decide/replay.h"

/* Adds each expectation that is not met, with what was found instead. */
void rule_test_check(const struct rule_test_runner *runner, const struct rule_test *test,
                     struct replay *replay, struct rule_test_result *result);

/* `text` is not copied. */
void rule_test_check_miss(struct rule_test_result *result, struct arena *arena,
                          const struct rule_test_expect *expect, const char *text);

/* The reasons for which the rules that send the template did not: "rule: word, rule: word". */
const char *rule_test_check_reasons(const struct rule_test_runner *runner,
                                    const struct rule_test_result *result,
                                    const struct rule_test_expect *expect);

/* The last of these words; NULL: there is none. */
const char *rule_test_check_last_reason(const struct rule_test_runner *runner,
                                        const struct rule_test_result *result,
                                        const struct rule_test_expect *expect);

/* Whether `part` is in `whole`: each member of a map, at any depth; all else as it is. */
bool rule_test_check_has(const struct value *whole, const struct value *part);

#endif
