/*
 * Seconds since 1970 or of length, and nanoseconds: of a timestamp never negative, of a duration
 * with the sign of the seconds. All that makes one ends in cel_time_timestamp or
 * cel_time_duration, which carry over and check the range.
 *
 * Texts are read by small readers that move `at` and are chained with &&.
 */
#include "cel/cel_time.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/zone_civil.h"

enum { NANOS = 1000000000 };

static const int64_t first_second = -62135596800;  /* 0001-01-01T00:00:00Z */
static const int64_t last_second = 253402300799;   /* 9999-12-31T23:59:59Z */
static const int64_t longest_seconds = 9223372036; /* INT64_MAX nanoseconds */
static const int64_t longest_nanos = 854775807;

static const char out_of_range[] = "the timestamp or duration is out of range";
static const char no_operation[] = "no such operation: %a %o %b";

/* Carries whole seconds over, so that the rest has the sign that is asked for. */
static bool normalise(int64_t *seconds, int64_t *nanos)
{
    if (__builtin_add_overflow(*seconds, *nanos / NANOS, seconds))
        return false;
    *nanos %= NANOS;
    return true;
}

bool cel_time_timestamp(int64_t seconds, int64_t nanos, struct value *result)
{
    if (!normalise(&seconds, &nanos))
        return false;
    if (nanos < 0) {
        nanos += NANOS;
        seconds--;
    }
    *result =
        (struct value){.kind = VALUE_TIMESTAMP, .integer = seconds, .length = (uint32_t)nanos};
    return seconds >= first_second && seconds <= last_second;
}

bool cel_time_duration(int64_t seconds, int64_t nanos, struct value *result)
{
    if (!normalise(&seconds, &nanos))
        return false;
    if (seconds > 0 && nanos < 0) {
        nanos += NANOS;
        seconds--;
    } else if (seconds < 0 && nanos > 0) {
        nanos -= NANOS;
        seconds++;
    }
    *result = (struct value){
        .kind = VALUE_DURATION, .integer = seconds, .length = (uint32_t)(int32_t)nanos};
    if (seconds > longest_seconds || seconds < -longest_seconds)
        return false;
    return !(seconds == longest_seconds && nanos > longest_nanos) &&
           !(seconds == -longest_seconds && nanos < -longest_nanos - 1);
}

/* ---- Timestamps ---- */

static bool read_number(const char **at, const char *end, int digits, int64_t *number)
{
    *number = 0;
    for (int i = 0; i < digits; i++) {
        if (*at == end || **at < '0' || **at > '9')
            return false;
        *number = *number * 10 + (*(*at)++ - '0');
    }
    return true;
}

static bool read_mark(const char **at, const char *end, const char *marks)
{
    if (*at == end || !**at || !strchr(marks, **at))
        return false;
    ++*at;
    return true;
}

static bool read_date(const char **at, const char *end, int64_t *days)
{
    int64_t year, month, day;
    if (!read_number(at, end, 4, &year) || !read_mark(at, end, "-") ||
        !read_number(at, end, 2, &month) || !read_mark(at, end, "-") ||
        !read_number(at, end, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > zone_civil_month_days(year, month))
        return false;
    *days = zone_civil_days(year, month, day);
    return true;
}

static bool read_clock(const char **at, const char *end, int64_t *seconds)
{
    int64_t hour, minute, second;
    if (!read_number(at, end, 2, &hour) || !read_mark(at, end, ":") ||
        !read_number(at, end, 2, &minute) || !read_mark(at, end, ":") ||
        !read_number(at, end, 2, &second))
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 59;
}

/* ".123": one to nine digits. */
static bool read_fraction(const char **at, const char *end, int64_t *nanos)
{
    *nanos = 0;
    if (!read_mark(at, end, "."))
        return true;
    int64_t scale = NANOS;
    while (*at < end && **at >= '0' && **at <= '9') {
        if (scale == 1)
            return false;
        scale /= 10;
        *nanos += (*(*at)++ - '0') * scale;
    }
    return scale < NANOS;
}

static bool read_offset(const char **at, const char *end, int64_t *seconds)
{
    int64_t hours, minutes;
    *seconds = 0;
    if (read_mark(at, end, "Zz"))
        return true;
    bool west = *at < end && **at == '-';
    if (!read_mark(at, end, "+-") || !read_number(at, end, 2, &hours) || !read_mark(at, end, ":") ||
        !read_number(at, end, 2, &minutes))
        return false;
    *seconds = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return hours <= 23 && minutes <= 59;
}

bool cel_time_parse_timestamp(const char *text, size_t length, struct value *result)
{
    const char *at = text, *end = text + length;
    int64_t days, seconds, nanos, offset;
    return read_date(&at, end, &days) && read_mark(&at, end, "Tt") &&
           read_clock(&at, end, &seconds) && read_fraction(&at, end, &nanos) &&
           read_offset(&at, end, &offset) && at == end &&
           cel_time_timestamp(days * 86400 + seconds - offset, nanos, result);
}

/* ---- Durations ---- */

/* One number with its unit: "1.5h". Its nanoseconds are added to *total. */
static bool read_part(const char **at, const char *end, __int128 *total)
{
    static const struct {
        const char *name;
        int64_t nanos;
    } units[] = {
        {"ns", 1},
        {"us", 1000},
        {"\u00b5s", 1000},
        {"\u03bcs", 1000},
        {"ms", 1000000}, /* before "m" */
        {"s", NANOS},
        {"m", 60 * (int64_t)NANOS},
        {"h", 3600 * (int64_t)NANOS},
        {"d", 86400 * (int64_t)NANOS},
        {"w", 604800 * (int64_t)NANOS},
    };
    __int128 number = 0, scale = 1;
    bool digits = false, point = false;
    for (; *at < end && ((**at >= '0' && **at <= '9') || (**at == '.' && !point)); ++*at) {
        if (**at == '.') {
            point = true;
            continue;
        }
        digits = true;
        if (scale >= NANOS) /* beyond nanoseconds of a second nothing counts */
            continue;
        number = number * 10 + (**at - '0');
        if (number > (__int128)INT64_MAX * 4)
            return false;
        scale *= point ? 10 : 1;
    }
    for (size_t i = 0; digits && i < sizeof units / sizeof *units; i++) {
        size_t length = strlen(units[i].name);
        if ((size_t)(end - *at) < length || memcmp(*at, units[i].name, length) != 0)
            continue;
        *at += length;
        *total += number * units[i].nanos / scale;
        return *total < (__int128)INT64_MAX * 2;
    }
    return false;
}

bool cel_time_parse_duration(const char *text, size_t length, struct value *result)
{
    const char *at = text, *end = text + length;
    __int128 total = 0;
    bool negative = length > 0 && *at == '-';
    if (length > 0 && (*at == '-' || *at == '+'))
        at++;
    if (end - at == 1 && *at == '0')
        return cel_time_duration(0, 0, result);
    if (at == end)
        return false;
    while (at < end)
        if (!read_part(&at, end, &total))
            return false;
    if (negative)
        total = -total;
    return cel_time_duration((int64_t)(total / NANOS), (int64_t)(total % NANOS), result);
}

/* ---- Text ---- */

/* ".5", without zeros at the end; nothing for 0. */
static size_t add_fraction(char *out, int64_t nanos)
{
    if (nanos == 0)
        return 0;
    size_t length = (size_t)snprintf(out, 16, ".%09d", (int)nanos);
    while (out[length - 1] == '0')
        length--;
    out[length] = '\0';
    return length;
}

size_t cel_time_print_timestamp(const struct value *value, char out[CEL_TIME_TEXT_SIZE])
{
    size_t length = clock_print_second(value->integer, out);
    length += add_fraction(out + length, value->length);
    out[length++] = 'Z';
    out[length] = '\0';
    return length;
}

size_t cel_time_print_duration(const struct value *value, char out[CEL_TIME_TEXT_SIZE])
{
    int32_t nanos = (int32_t)value->length;
    bool negative = value->integer < 0 || nanos < 0;
    int64_t seconds = value->integer < 0 ? -value->integer : value->integer;
    size_t length = (size_t)snprintf(out, CEL_TIME_TEXT_SIZE, "%s%lld", negative ? "-" : "",
                                     (long long)seconds);
    length += add_fraction(out + length, nanos < 0 ? -nanos : nanos);
    out[length++] = 's';
    out[length] = '\0';
    return length;
}

/* ---- Arithmetic ---- */

const char *cel_time_operate(enum cel_operator op, const struct value *a, const struct value *b,
                             struct value *result)
{
    bool a_stamp = a->kind == VALUE_TIMESTAMP, b_stamp = b->kind == VALUE_TIMESTAMP;
    bool adds = op == CEL_ADD;
    if ((!adds && op != CEL_SUBTRACT) || (adds && a_stamp && b_stamp) ||
        (!adds && !a_stamp && b_stamp))
        return no_operation;
    /* A timestamp's nanoseconds are never negative, a duration's may be. */
    int64_t a_nanos = (int32_t)a->length, b_nanos = (int32_t)b->length;
    int64_t seconds = adds ? a->integer + b->integer : a->integer - b->integer;
    int64_t nanos = adds ? a_nanos + b_nanos : a_nanos - b_nanos;
    bool fine = a_stamp != b_stamp ? cel_time_timestamp(seconds, nanos, result)
                                   : cel_time_duration(seconds, nanos, result);
    return fine ? NULL : out_of_range;
}
