/*
 * The proleptic Gregorian calendar as arithmetic on days since 1970-01-01.
 */
#ifndef NUDGED_BASE_ZONE_CIVIL_H
#define NUDGED_BASE_ZONE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

struct zone_civil {
    int64_t year;
    int month, day; /* from 1 */
};

/* Rounds towards minus infinity; `by` is above 0. */
static inline int64_t zone_civil_floor(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* The month may be any: 13 is January of the next year. */
int64_t zone_civil_days(int64_t year, int64_t month, int64_t day);
struct zone_civil zone_civil_date(int64_t days);

static inline bool zone_civil_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* 28 to 31; the month is 1 to 12. */
int zone_civil_month_days(int64_t year, int64_t month);

/* 0: Sunday, to 6: Saturday. */
static inline int zone_civil_weekday(int64_t days)
{
    return (int)(days + 4 - zone_civil_floor(days + 4, 7) * 7);
}

#endif
