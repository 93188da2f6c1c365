#include "ctl/rule_test_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/zone.h"

bool rule_test_time_read(const struct value *time, const char *zone, int64_t *ms)
{
    struct zone_time local = {0};
    char text[32], mark = 'T';
    int at = 0, end = 0;
    if (time->kind != VALUE_STRING || time->length >= sizeof text)
        return false;
    if (clock_parse(time->string, time->length, ms))
        return true;
    memcpy(text, time->string, time->length);
    text[time->length] = '\0';
    if (sscanf(text, "%4d-%2d-%2d%n", &local.year, &local.month, &local.day, &at) != 3)
        return false;
    if (text[at] && sscanf(text + at, "%c%2d:%2d%n", &mark, &local.hour, &local.minute, &end) != 3)
        return false;
    at += end;
    end = 0;
    if (text[at] && sscanf(text + at, ":%2d%n", &local.second, &end) != 1)
        return false;
    if (text[at + end] || (mark != 'T' && mark != ' ') || local.month < 1 || local.month > 12 ||
        local.day < 1 || local.day > 31 || local.hour > 23 || local.minute > 59 ||
        local.second > 59)
        return false;
    *ms = zone_instant(zone_or_utc(zone), &local);
    return true;
}

bool rule_test_time_length(const struct value *length, int64_t *ms)
{
    *ms = 0;
    if (length->kind == VALUE_INT && length->integer == 0)
        return true;
    return length->kind == VALUE_STRING && duration_parse(length->string, length->length, ms);
}

int64_t rule_test_time_default(const char *zone)
{
    const struct zone_time monday = {.year = 2026, .month = 1, .day = 5, .hour = 10};
    return zone_instant(zone_or_utc(zone), &monday);
}

const char *rule_test_time_text(struct arena *arena, int64_t ms, const char *zone)
{
    struct zone_time local;
    zone_local(zone_or_utc(zone), ms, &local);
    const char *second =
        arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d", local.year, local.month, local.day,
                     local.hour, local.minute, local.second);
    const char *part = local.millisecond ? arena_printf(arena, ".%03d", local.millisecond) : "";
    if (local.offset == 0)
        return arena_printf(arena, "%s%sZ", second, part);
    return arena_printf(arena, "%s%s%c%02d:%02d", second, part, local.offset < 0 ? '-' : '+',
                        abs(local.offset) / 60, abs(local.offset) % 60);
}
