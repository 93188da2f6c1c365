/*
 * The clock of a rule that no event starts: when its ticks are in a zone, and when within its
 * spread a customer has theirs. Pure arithmetic on the zone's data; how one is written is read by
 * rules/rule_clock_read.
 *
 * A tick is named by its local date; an hourly one, which is at the full hour of UTC, by that. A
 * local time that daylight saving skips moves forward, of one that comes twice it is the first.
 */
#ifndef NUDGED_RULES_RULE_CLOCK_H
#define NUDGED_RULES_RULE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/zone.h"

enum rule_clock_every {
    RULE_CLOCK_ONCE,
    RULE_CLOCK_HOUR,
    RULE_CLOCK_DAY,
    RULE_CLOCK_WEEK,
    RULE_CLOCK_MONTH,
};

enum { RULE_CLOCK_LAST_DAY = 0 /* of a month */, RULE_CLOCK_NAME_SIZE = 14 };

struct rule_clock {
    enum rule_clock_every every;
    int at;            /* minutes of the day; of all but hours */
    unsigned weekdays; /* of a week: bit 0 is Sunday, bit 6 Saturday */
    int month_day;     /* of a month: 1 to 31, where a month has it; or RULE_CLOCK_LAST_DAY */
    int64_t day;       /* of `once`: days since 1970-01-01 */
    int64_t spread_ms; /* less than from any tick to the next */
    const char *text;  /* all of it but the spread: "day 09:00", "week 09:00 mon,fri" */
};

struct rule_tick {
    int64_t time_ms;
    char name[RULE_CLOCK_NAME_SIZE]; /* "2026-11-27", or "2026-11-27T09" */
};

/* The newest tick at or before that time; false where there is none. */
bool rule_clock_last(const struct rule_clock *clock, struct zone *zone, int64_t at_ms,
                     struct rule_tick *tick);
/* The first one after that time. */
bool rule_clock_next(const struct rule_clock *clock, struct zone *zone, int64_t after_ms,
                     struct rule_tick *tick);

/* A customer's place within every spread, 0 to RULE_CLOCK_PLACES - 1: the same for all rules, and
 * for ever. `key` is the one by which the person was first known. */
enum { RULE_CLOCK_PLACES = 1000000000 };
int64_t rule_clock_place(const char *key);
/* Milliseconds from a tick until it is the turn of that place. */
int64_t rule_clock_offset(int64_t spread_ms, int64_t place);

#endif
