/*
 * Fields of timestamps and durations, made by one macro from the local time in a zone
 * (local_time); and days of the year in the customer's own zone (read_date): next_date() looks for
 * the first that lies ahead, this year or in one of the next two (give_next), is_today() asks
 * whether it is today's.
 */
#include "cel/cel_moment.h"

#include <string.h>

#include "base/zone.h"
#include "base/zone_civil.h"
#include "cel/cel_function.h"
#include "cel/cel_time.h"
#include "cel/cel_value.h"

enum { ZONE_NAME_MOST = 64, MILLION = 1000000 };

static int64_t floor_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* The zone of that name (bytes, not NUL-terminated); NULL after cel_fail. */
static struct zone *find_zone(struct cel_call *call, const char *name, size_t length)
{
    char copy[ZONE_NAME_MOST];
    struct zone *zone = NULL;
    if (length < sizeof copy) {
        memcpy(copy, name, length);
        copy[length] = '\0';
        /* "02:00" is east of UTC, as in cel-go. */
        bool bare = length == 5 && copy[2] == ':' && copy[0] >= '0' && copy[0] <= '9';
        if (bare) {
            memmove(copy + 1, copy, length + 1);
            copy[0] = '+';
        }
        zone = memchr(name, '\0', length) ? NULL : zone_get(copy);
    }
    if (!zone)
        cel_fail_with(call->run, call->node, "there is no time zone %v", &call->arguments[1],
                      &call->arguments[1]);
    return zone;
}

/* The fields of the timestamp in the zone of the second argument, else in UTC. */
static bool local_time(struct cel_call *call, struct zone_time *local)
{
    const struct value *stamp = &call->arguments[0];
    struct zone *zone = call->count == 2
                            ? find_zone(call, call->arguments[1].string, call->arguments[1].length)
                            : zone_get("UTC");
    if (!zone)
        return call->count == 2 ? false : cel_call_fail(call, "UTC is not known");
    zone_local(zone, stamp->integer * 1000 + stamp->length / MILLION, local);
    return true;
}

static bool give(struct cel_call *call, int64_t number)
{
    *call->result = value_int(number);
    return true;
}

/* One function for each field of the local time. */
#define GETTER(name, field)                                   \
    static bool name(struct cel_call *call)                   \
    {                                                         \
        struct zone_time local;                               \
        return local_time(call, &local) && give(call, field); \
    }

GETTER(get_full_year, local.year)
GETTER(get_month, local.month - 1)
GETTER(get_date, local.day)
GETTER(get_day_of_month, local.day - 1)
GETTER(get_day_of_week, local.weekday)
GETTER(get_day_of_year, local.day_of_year)
GETTER(get_hours, local.hour)
GETTER(get_minutes, local.minute)
GETTER(get_seconds, local.second)
GETTER(get_milliseconds, local.millisecond)

static bool duration_hours(struct cel_call *call)
{
    return give(call, call->arguments[0].integer / 3600);
}

static bool duration_minutes(struct cel_call *call)
{
    return give(call, call->arguments[0].integer / 60);
}

static bool duration_seconds(struct cel_call *call)
{
    return give(call, call->arguments[0].integer);
}

static bool duration_milliseconds(struct cel_call *call)
{
    return give(call, (int32_t)call->arguments[0].length / MILLION);
}

/* ---- Days of the year ---- */

struct year_day {
    int month, day;
};

static bool read_two(const char *text, int least, int most, int *number)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return false;
    *number = (text[0] - '0') * 10 + text[1] - '0';
    return *number >= least && *number <= most;
}

/* "YYYY-MM-DD" with whatever follows; "MM-DD" or "--MM-DD" where the year is not known. */
static bool read_written(const struct value *text, struct year_day *date)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const char *at = text->string;
    if (text->length >= 10 && at[4] == '-')
        at += 5;
    else if (text->length == 7 && at[0] == '-' && at[1] == '-')
        at += 2;
    else if (text->length != 5)
        return false;
    return read_two(at, 1, 12, &date->month) && at[2] == '-' &&
           read_two(at + 3, 1, days[date->month - 1], &date->day);
}

static bool read_clock(const struct value *text, int *hour, int *minute)
{
    return text->length == 5 && text->string[2] == ':' && read_two(text->string, 0, 23, hour) &&
           read_two(text->string + 3, 0, 59, minute);
}

bool cel_moment_is_date(const struct value *text)
{
    struct year_day date;
    return read_written(text, &date);
}

bool cel_moment_is_clock(const struct value *text)
{
    int hour, minute;
    return read_clock(text, &hour, &minute);
}

/* The customer's zone; NULL after cel_fail. */
static struct zone *own_zone(struct cel_call *call)
{
    const struct cel_input *input = call->run->input;
    const char *name =
        input->zone || !input->find_zone ? input->zone : input->find_zone(input->bind_context);
    struct zone *zone = zone_get(name ? name : "UTC");
    if (!zone)
        cel_fail(call->run, call->node, "%f(): the time zone is not known");
    return zone;
}

/* The day of the first argument, a text or a timestamp; false after cel_fail. */
static bool read_date(struct cel_call *call, struct zone *zone, struct year_day *date)
{
    const struct value *given = &call->arguments[0];
    if (given->kind == VALUE_TIMESTAMP) {
        struct zone_time local;
        zone_local(zone, given->integer * 1000, &local);
        *date = (struct year_day){local.month, local.day};
        return true;
    }
    return read_written(given, date) ||
           cel_fail_with(call->run, call->node, "%v is no date such as \"1990-05-17\"", given,
                         given);
}

/* 29 February is kept on 28 February in years without one. */
static int day_in(int year, struct year_day date)
{
    return date.month == 2 && date.day == 29 && !zone_civil_leap(year) ? 28 : date.day;
}

static bool give_next(struct cel_call *call, struct zone *zone, struct year_day date, int hour,
                      int minute)
{
    int64_t now = call->run->input->now_ms;
    struct zone_time local;
    zone_local(zone, now, &local);
    for (int year = local.year;; year++) {
        struct zone_time wanted = {.year = year,
                                   .month = date.month,
                                   .day = day_in(year, date),
                                   .hour = hour,
                                   .minute = minute};
        int64_t ms = zone_instant(zone, &wanted);
        if (ms <= now && year < local.year + 2)
            continue;
        int64_t seconds = floor_divide(ms, 1000);
        if (ms <= now ||
            !cel_time_timestamp(seconds, (ms - seconds * 1000) * MILLION, call->result))
            return cel_call_fail(call, "next_date() is out of range");
        return true;
    }
}

static bool next_date(struct cel_call *call)
{
    const struct value *clock = &call->arguments[1];
    struct year_day date;
    int hour, minute;
    struct zone *zone = own_zone(call);
    if (!zone)
        return false;
    if (!read_clock(clock, &hour, &minute))
        return cel_fail_with(call->run, call->node, "%v is no time of day such as \"09:00\"", clock,
                             clock);
    return read_date(call, zone, &date) && give_next(call, zone, date, hour, minute);
}

static bool is_today(struct cel_call *call)
{
    struct zone *zone = own_zone(call);
    struct year_day date;
    struct zone_time now;
    if (!zone || !read_date(call, zone, &date))
        return false;
    zone_local(zone, call->run->input->now_ms, &now);
    *call->result = value_bool(now.month == date.month && now.day == day_in(now.year, date));
    return true;
}

const struct cel_function cel_functions_time[] = {
    {"getDate", "T.>i", get_date, "day of the month, from 1, in UTC"},
    {"getDate", "T.s>i", get_date, "likewise, in a time zone"},
    {"getDayOfMonth", "T.>i", get_day_of_month, "day of the month, from 0, in UTC"},
    {"getDayOfMonth", "T.s>i", get_day_of_month, "likewise, in a time zone"},
    {"getDayOfWeek", "T.>i", get_day_of_week, "day of the week, 0 for Sunday, in UTC"},
    {"getDayOfWeek", "T.s>i", get_day_of_week, "likewise, in a time zone"},
    {"getDayOfYear", "T.>i", get_day_of_year, "day of the year, from 0, in UTC"},
    {"getDayOfYear", "T.s>i", get_day_of_year, "likewise, in a time zone"},
    {"getFullYear", "T.>i", get_full_year, "the year, in UTC"},
    {"getFullYear", "T.s>i", get_full_year, "likewise, in a time zone"},
    {"getHours", "T.>i", get_hours, "the hour, 0 to 23, in UTC"},
    {"getHours", "T.s>i", get_hours, "likewise, in a time zone"},
    {"getHours", "D.>i", duration_hours, "the whole duration in hours"},
    {"getMilliseconds", "T.>i", get_milliseconds, "milliseconds of the second"},
    {"getMilliseconds", "T.s>i", get_milliseconds, "likewise, in a time zone"},
    {"getMilliseconds", "D.>i", duration_milliseconds,
     "milliseconds of the duration's last second"},
    {"getMinutes", "T.>i", get_minutes, "the minute, 0 to 59, in UTC"},
    {"getMinutes", "T.s>i", get_minutes, "likewise, in a time zone"},
    {"getMinutes", "D.>i", duration_minutes, "the whole duration in minutes"},
    {"getMonth", "T.>i", get_month, "the month, from 0, in UTC"},
    {"getMonth", "T.s>i", get_month, "likewise, in a time zone"},
    {"getSeconds", "T.>i", get_seconds, "the second, 0 to 59"},
    {"getSeconds", "T.s>i", get_seconds, "likewise, in a time zone"},
    {"getSeconds", "D.>i", duration_seconds, "the whole duration in seconds"},
    {"is_today", "s>b!", is_today,
     "whether that month and day (\"1990-05-17\") is today's for the customer"},
    {"is_today", "T>b!", is_today, "likewise, of a timestamp's local month and day"},
    {"next_date", "ss>T!", next_date,
     "the next moment of that month and day (\"1990-05-17\") and time (\"09:00\")"},
    {"next_date", "Ts>T!", next_date, "likewise, of a timestamp's local month and day"},
    {0},
};
