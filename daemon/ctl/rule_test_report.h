/* What came of rule tests: for people, as TAP, as JUnit's XML. */
#ifndef NUDGED_CTL_RULE_TEST_REPORT_H
#define NUDGED_CTL_RULE_TEST_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "ctl/rule_test.h"

/* What was expected and is not so, then all that happened, each line behind `indent`. */
void rule_test_report_failure(FILE *stream, const char *indent, const struct rule_test *test,
                              const struct rule_test_result *result, const char *zone,
                              struct arena *arena);
/* All that happened alone. */
void rule_test_report_life(FILE *stream, const char *indent, const struct rule_test_result *result,
                           const char *zone, struct arena *arena);

/* XML's own characters are escaped; what XML has no form for is '?'. */
void rule_test_report_xml(FILE *stream, const char *text);

#endif
