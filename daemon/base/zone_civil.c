#include "base/zone_civil.h"

/* Years begin in March, so that the leap day is their last; four hundred of them, an
 * era, have 146,097 days. Day 0 of era 0 is 0000-03-01, 719,468 days before 1970. */
enum { ERA_DAYS = 146097, ERA_YEARS = 400, EPOCH = 719468 };

int64_t zone_civil_days(int64_t year, int64_t month, int64_t day)
{
    int64_t months = year * 12 + month - 3; /* since March of the year 0 */
    int64_t from_march = zone_civil_floor(months, 12);
    int64_t era = zone_civil_floor(from_march, ERA_YEARS);
    int64_t of_era = from_march - era * ERA_YEARS;
    int64_t of_year = ((months - from_march * 12) * 153 + 2) / 5; /* days before the month */
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year + day - 1 - EPOCH;
}

int zone_civil_month_days(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && zone_civil_leap(year));
}

struct zone_civil zone_civil_date(int64_t days)
{
    days += EPOCH;
    int64_t era = zone_civil_floor(days, ERA_DAYS);
    int64_t of_era = days - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (year * 365 + year / 4 - year / 100);
    int64_t month = (of_year * 5 + 2) / 153; /* 0: March */
    return (struct zone_civil){
        .year = era * ERA_YEARS + year + (month >= 10),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (month * 153 + 2) / 5 + 1),
    };
}
