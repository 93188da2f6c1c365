/*
 * The proleptic Gregorian calendar as arithmetic on days since 1970-01-01.
 */
#ifndef NUDGED_BASE_ZONE_CIVIL_H
#define NUDGED_BASE_ZONE_CIVIL_H

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

/* 0: Sunday, to 6: Saturday. */
static inline int zone_civil_weekday(int64_t days)
{
    return (int)(days + 4 - zone_civil_floor(days + 4, 7) * 7);
}

#endif
