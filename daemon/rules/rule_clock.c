#include "rules/rule_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/zone_civil.h"

enum {
    HOUR_MS = 60 * 60 * 1000,
    DAY_MS = 24 * HOUR_MS,
    DAYS_MOST = 64, /* from one tick to the next: 31 December to 31 January is 31, 31 January to
                       31 March 60 at most */
    KEY_MOST = 512,
};

/* ---- Days ---- */

static bool is_day(const struct rule_clock *clock, int64_t day)
{
    const struct zone_civil date = zone_civil_date(day);
    switch (clock->every) {
    case RULE_CLOCK_ONCE:
        return day == clock->day;
    case RULE_CLOCK_WEEK:
        return clock->weekdays >> zone_civil_weekday(day) & 1;
    case RULE_CLOCK_MONTH:
        return date.day == (clock->month_day == RULE_CLOCK_LAST_DAY
                                ? zone_civil_month_days(date.year, date.month)
                                : clock->month_day);
    case RULE_CLOCK_HOUR:
    case RULE_CLOCK_DAY:
        break;
    }
    return true;
}

static int64_t local_day(struct zone *zone, int64_t ms)
{
    struct zone_time local;
    zone_local(zone, ms, &local);
    return zone_civil_days(local.year, local.month, local.day);
}

static int64_t time_on(const struct rule_clock *clock, struct zone *zone, int64_t day)
{
    const struct zone_civil date = zone_civil_date(day);
    const struct zone_time local = {.year = (int)date.year,
                                    .month = date.month,
                                    .day = date.day,
                                    .hour = clock->at / 60,
                                    .minute = clock->at % 60};
    return zone_instant(zone, &local);
}

static void set_tick(struct rule_tick *tick, int64_t day, int64_t time_ms)
{
    const struct zone_civil date = zone_civil_date(day);
    tick->time_ms = time_ms;
    snprintf(tick->name, sizeof tick->name, "%04d-%02d-%02d", (int)(date.year % 10000), date.month,
             date.day);
}

/* ---- Ticks ---- */

static void set_hour(struct rule_tick *tick, int64_t hour)
{
    set_tick(tick, zone_civil_floor(hour, 24), hour * HOUR_MS);
    snprintf(tick->name + strlen(tick->name), sizeof tick->name - strlen(tick->name), "T%02d",
             (int)(hour - zone_civil_floor(hour, 24) * 24));
}

bool rule_clock_last(const struct rule_clock *clock, struct zone *zone, int64_t at_ms,
                     struct rule_tick *tick)
{
    if (clock->every == RULE_CLOCK_HOUR) {
        set_hour(tick, zone_civil_floor(at_ms, HOUR_MS));
        return true;
    }
    bool once = clock->every == RULE_CLOCK_ONCE;
    int64_t last = once ? clock->day : local_day(zone, at_ms) + 1;
    int64_t first = once ? clock->day : last - DAYS_MOST;
    for (int64_t day = last; day >= first; day--) {
        int64_t time_ms = is_day(clock, day) ? time_on(clock, zone, day) : INT64_MAX;
        if (time_ms > at_ms)
            continue;
        set_tick(tick, day, time_ms);
        return true;
    }
    return false;
}

bool rule_clock_next(const struct rule_clock *clock, struct zone *zone, int64_t after_ms,
                     struct rule_tick *tick)
{
    if (clock->every == RULE_CLOCK_HOUR) {
        set_hour(tick, zone_civil_floor(after_ms, HOUR_MS) + 1);
        return true;
    }
    bool once = clock->every == RULE_CLOCK_ONCE;
    int64_t first = once ? clock->day : local_day(zone, after_ms) - 1;
    int64_t last = once ? clock->day : first + DAYS_MOST;
    for (int64_t day = first; day <= last; day++) {
        int64_t time_ms = is_day(clock, day) ? time_on(clock, zone, day) : INT64_MIN;
        if (time_ms <= after_ms)
            continue;
        set_tick(tick, day, time_ms);
        return true;
    }
    return false;
}

/* ---- Places within a spread ---- */

int64_t rule_clock_place(const char *key)
{
    char text[KEY_MOST] = "spread";
    size_t name = strlen(text) + 1, length = strlen(key);
    if (length > sizeof text - name)
        length = sizeof text - name;
    memcpy(text + name, key, length);
    return (int64_t)(digest_spread(text, name + length) % RULE_CLOCK_PLACES);
}

int64_t rule_clock_offset(int64_t spread_ms, int64_t place)
{
    return spread_ms / 1000 * place / (RULE_CLOCK_PLACES / 1000) +
           spread_ms % 1000 * place / RULE_CLOCK_PLACES;
}
