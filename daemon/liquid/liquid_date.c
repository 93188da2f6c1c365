#include "liquid/liquid_date.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "liquid/liquid_date_text.h"

/* The years -9999 to 9999: what lies outside is no date to anyone. */
static const int64_t first_second = -377705116800, last_second = 253402300799;

/* The zone that is always `minutes` east of UTC, less than a day. */
static struct zone *get_offset(int minutes)
{
    char name[16];
    int size = abs(minutes);
    snprintf(name, sizeof name, "%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60 % 100, size % 60);
    return zone_get(name);
}

/* The date of an instant in a zone. */
static bool date_at(int64_t seconds, int nanosecond, const char *zone, struct liquid_date *date)
{
    if (seconds < first_second || seconds > last_second)
        return false;
    *date = (struct liquid_date){.seconds = seconds, .nanosecond = nanosecond};
    struct zone *home = zone_or_utc(zone);
    zone_local(home, seconds * 1000, &date->local);
    date->zone = zone_abbreviation(home, seconds * 1000);
    return true;
}

/* The present time where a text leaves out its larger parts: "10:00" is today's. */
static void fill_from_now(struct liquid_date_text *text, const struct zone_time *now)
{
    const int present[] = {now->year, now->month, now->day};
    int *const parts[] = {&text->year, &text->month, &text->day};
    for (size_t i = 0; i < 3; i++) {
        if (*parts[i] != LIQUID_DATE_TEXT_NONE)
            return;
        if (text->year_day != LIQUID_DATE_TEXT_NONE && i > 0)
            return;
        *parts[i] = present[i];
    }
}

static int part_or(int part, int otherwise)
{
    return part == LIQUID_DATE_TEXT_NONE ? otherwise : part;
}

static bool in_range(const struct zone_time *local)
{
    return local->year >= -9999 && local->year <= 9999 && local->month >= 1 && local->month <= 12 &&
           local->day >= 1 && local->day <= 366 && local->hour >= 0 && local->hour <= 24 &&
           local->minute >= 0 && local->minute <= 59 && local->second >= 0 && local->second <= 60 &&
           (local->hour < 24 || (local->minute == 0 && local->second == 0));
}

static bool read_text(const char *bytes, size_t length, int64_t now_ms, const char *zone,
                      struct liquid_date *date)
{
    struct liquid_date_text text;
    if (!liquid_date_text_parse(bytes, length, &text))
        return false;
    struct zone *home = zone_or_utc(zone);
    if (text.has_offset)
        home = get_offset(text.offset);
    struct zone_time now;
    zone_local(home, now_ms, &now);
    fill_from_now(&text, &now);
    struct zone_time local = {
        .year = part_or(text.year, 1970),
        .month = part_or(text.month, 1),
        .day = part_or(text.day, 1),
        .hour = part_or(text.hour, 0),
        .minute = part_or(text.minute, 0),
        .second = part_or(text.second, 0),
    };
    if (text.year_day != LIQUID_DATE_TEXT_NONE && text.day == LIQUID_DATE_TEXT_NONE) {
        local.month = 1;
        local.day = text.year_day;
    } else if (local.day > 31) {
        return false;
    }
    if (!in_range(&local))
        return false;
    date->seconds = zone_instant(home, &local) / 1000;
    date->nanosecond = text.nanosecond;
    zone_local(home, date->seconds * 1000, &date->local);
    date->zone =
        text.has_offset && text.utc ? "UTC" : zone_abbreviation(home, date->seconds * 1000);
    return true;
}

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return length > 0;
}

static bool read_string(const char *text, size_t length, int64_t now_ms, const char *zone,
                        struct liquid_date *date)
{
    if ((length == 3 && strncasecmp(text, "now", 3) == 0) ||
        (length == 5 && strncasecmp(text, "today", 5) == 0))
        return date_at(now_ms / 1000, (int)(now_ms % 1000) * 1000000, zone, date);
    if (!all_digits(text, length))
        return read_text(text, length, now_ms, zone, date);
    int64_t seconds = 0;
    for (size_t i = 0; i < length && seconds <= last_second; i++)
        seconds = seconds * 10 + (text[i] - '0');
    return date_at(seconds, 0, zone, date);
}

bool liquid_date_read(const struct value *value, int64_t now_ms, const char *zone,
                      struct liquid_date *date)
{
    if (value->kind == VALUE_INT)
        return date_at(value->integer, 0, zone, date);
    if (value->kind == VALUE_TIMESTAMP)
        return date_at(value->integer, (int)value->length, zone, date);
    return value->kind == VALUE_STRING &&
           read_string(value->string, value->length, now_ms, zone, date);
}
