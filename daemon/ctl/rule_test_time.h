/* Times as rule tests write them, and as the command line takes them. */
#ifndef NUDGED_CTL_RULE_TEST_TIME_H
#define NUDGED_CTL_RULE_TEST_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"

#define RULE_TEST_TIME_NONE INT64_MIN

/* RFC 3339, or without an offset a local time of the zone (IANA), seconds or less:
 * "2026-03-01T10:00", "2026-03-01 10:00:30", "2026-03-01". */
bool rule_test_time_read(const struct value *time, const char *zone, int64_t *ms);

/* "30m"; 0 is one too. */
bool rule_test_time_length(const struct value *length, int64_t *ms);

/* When a test begins that does not say: a Monday, 2026-01-05, at ten. */
int64_t rule_test_time_default(const char *zone);

/* As it is read, with the zone's offset: "2026-03-01T10:00:00+02:00". */
const char *rule_test_time_text(struct arena *arena, int64_t ms, const char *zone);

#endif
