#include "base/zone_rule.h"

#include <ctype.h>
#include <string.h>

#include "base/zone_civil.h"

enum { HOUR = 3600, DAY = 24 * HOUR, HOURS_MOST = 167 };

struct reader {
    const char *at, *end;
    bool broken;
};

static bool next_is(struct reader *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static void expect(struct reader *in, char c)
{
    if (!next_is(in, c))
        in->broken = true;
}

static int read_number(struct reader *in, int least, int most)
{
    int number = 0;
    const char *start = in->at;
    while (in->at < in->end && isdigit((unsigned char)*in->at) && in->at - start < 3)
        number = number * 10 + (*in->at++ - '0');
    if (in->at == start || number < least || number > most)
        in->broken = true;
    return number;
}

/* "EET", or anything but ">" in "<+03>". */
static void read_name(struct reader *in, char name[ZONE_RULE_NAME_SIZE])
{
    const char *start = in->at;
    bool quoted = next_is(in, '<');
    const char *from = in->at;
    while (in->at < in->end && (quoted ? *in->at != '>' : isalpha((unsigned char)*in->at)))
        in->at++;
    size_t length = (size_t)(in->at - from);
    if (quoted)
        expect(in, '>');
    if (in->at - start < 3 || length >= ZONE_RULE_NAME_SIZE) {
        in->broken = true;
        return;
    }
    memcpy(name, from, length);
    name[length] = '\0';
}

/* "[+-]hh[:mm[:ss]]", in seconds. */
static int32_t read_time(struct reader *in)
{
    bool negative = next_is(in, '-');
    if (!negative)
        next_is(in, '+');
    int32_t seconds = read_number(in, 0, HOURS_MOST) * HOUR;
    if (next_is(in, ':')) {
        seconds += read_number(in, 0, 59) * 60;
        if (next_is(in, ':'))
            seconds += read_number(in, 0, 59);
    }
    return negative ? -seconds : seconds;
}

static struct zone_change read_change(struct reader *in)
{
    struct zone_change change = {.time = 2 * HOUR};
    expect(in, ',');
    if (next_is(in, 'M')) {
        change.kind = ZONE_DAY_WEEKDAY;
        change.month = read_number(in, 1, 12);
        expect(in, '.');
        change.week = read_number(in, 1, 5);
        expect(in, '.');
        change.day = read_number(in, 0, 6);
    } else {
        change.kind = next_is(in, 'J') ? ZONE_DAY_JULIAN : ZONE_DAY_NUMBER;
        change.day = read_number(in, change.kind == ZONE_DAY_JULIAN, 365);
    }
    if (next_is(in, '/'))
        change.time = read_time(in);
    return change;
}

bool zone_rule_parse(const char *text, size_t length, struct zone_rule *rule)
{
    struct reader in = {.at = text, .end = text + length};
    *rule = (struct zone_rule){0};
    read_name(&in, rule->standard_name);
    rule->standard = -read_time(&in); /* POSIX counts west of Greenwich */
    rule->saving = rule->standard;
    if (!in.broken && in.at < in.end) {
        read_name(&in, rule->saving_name);
        rule->saving = rule->standard + HOUR;
        if (in.at < in.end && *in.at != ',')
            rule->saving = -read_time(&in);
        rule->start = read_change(&in);
        rule->end = read_change(&in);
    }
    return !in.broken && in.at == in.end;
}

static int64_t change_day(const struct zone_change *change, int64_t year)
{
    int64_t new_year = zone_civil_days(year, 1, 1);
    if (change->kind == ZONE_DAY_NUMBER)
        return new_year + change->day;
    if (change->kind == ZONE_DAY_JULIAN)
        return new_year + change->day - 1 + (zone_civil_leap(year) && change->day >= 60);
    int64_t first = zone_civil_days(year, change->month, 1);
    int64_t day = first + (change->day - zone_civil_weekday(first) + 7) % 7;
    day += (change->week - 1) * 7;
    return day < zone_civil_days(year, change->month + 1, 1) ? day : day - 7;
}

static bool saves(const struct zone_rule *rule, int64_t second)
{
    if (rule->standard == rule->saving)
        return false;
    int64_t year = zone_civil_date(zone_civil_floor(second + rule->standard, DAY)).year;
    int64_t start = change_day(&rule->start, year) * DAY + rule->start.time - rule->standard;
    int64_t end = change_day(&rule->end, year) * DAY + rule->end.time - rule->saving;
    /* South of the equator the year begins in summer. */
    return start < end ? second >= start && second < end : second >= start || second < end;
}

int32_t zone_rule_offset(const struct zone_rule *rule, int64_t second)
{
    return saves(rule, second) ? rule->saving : rule->standard;
}

const char *zone_rule_name(const struct zone_rule *rule, int64_t second)
{
    return saves(rule, second) ? rule->saving_name : rule->standard_name;
}
