/*
 * The rule that a time zone follows after the last change on record: the TZ string
 * at the end of a TZif file (RFC 9636, section 3.3.1; POSIX.1-2024, XBD 8.3), such as
 * "EET-2EEST,M3.5.0/3,M10.5.0/4". Used by base/zone_file alone.
 */
#ifndef NUDGED_BASE_ZONE_RULE_H
#define NUDGED_BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum zone_day {
    ZONE_DAY_WEEKDAY, /* Mm.w.d: weekday d in week w (5: the last) of month m */
    ZONE_DAY_JULIAN,  /* Jn: day n, from 1, of a year without February 29 */
    ZONE_DAY_NUMBER,  /* n: day n, from 0, of the year as it is */
};

struct zone_change {
    enum zone_day kind;
    int month, week, day; /* `day` alone for the last two */
    int32_t time;         /* seconds after midnight, -167 to 167 hours */
};

enum { ZONE_RULE_NAME_SIZE = 16 };

struct zone_rule {
    int32_t standard, saving; /* seconds east of UTC; equal where nothing is saved */
    char standard_name[ZONE_RULE_NAME_SIZE], saving_name[ZONE_RULE_NAME_SIZE]; /* "EET", "+03" */
    struct zone_change start, end;
};

/* False where the text is no such string. */
bool zone_rule_parse(const char *text, size_t length, struct zone_rule *rule);

/* Seconds east of UTC at that second since 1970. */
int32_t zone_rule_offset(const struct zone_rule *rule, int64_t second);
/* What the time is called at that second. */
const char *zone_rule_name(const struct zone_rule *rule, int64_t second);

#endif
