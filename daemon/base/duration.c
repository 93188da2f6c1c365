#include "base/duration.h"

#include <stdio.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY };

static const int64_t most_ms = 3650 * (int64_t)DAY;

/* Falling, as they must be written. */
static const struct unit {
    const char *name;
    int64_t ms;
} units[] = {{"w", WEEK}, {"d", DAY}, {"h", HOUR}, {"m", MINUTE}, {"s", SECOND}, {"ms", 1}};

enum { UNIT_COUNT = sizeof units / sizeof *units };

/* So many digits on each side of the point, times a week in milliseconds, fit 64 bits. */
enum { DIGITS_MOST = 9 };

static size_t read_digits(const char *text, size_t length, int64_t *number)
{
    size_t at = 0;
    while (at < length && text[at] >= '0' && text[at] <= '9') {
        if (at == DIGITS_MOST)
            return 0;
        *number = *number * 10 + (text[at++] - '0');
    }
    return at;
}

static size_t read_unit(const char *text, size_t length, size_t *unit)
{
    size_t letters = 0;
    while (letters < length && text[letters] >= 'a' && text[letters] <= 'z')
        letters++;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (strlen(units[i].name) == letters && memcmp(units[i].name, text, letters) == 0) {
            *unit = i;
            return letters;
        }
    }
    return 0;
}

/* "fraction / 10^digits" of a unit, where that is whole milliseconds. */
static bool fraction_ms(int64_t fraction, size_t digits, int64_t unit_ms, int64_t *ms)
{
    int64_t scale = 1;
    for (; digits > 0; digits--)
        scale *= 10;
    *ms = fraction * unit_ms / scale;
    return fraction * unit_ms % scale == 0;
}

/* One number with its unit; the bytes read, or 0. */
static size_t read_part(const char *text, size_t length, size_t *unit, int64_t *ms,
                        bool *fractional)
{
    int64_t whole = 0, fraction = 0, rest = 0;
    size_t digits = 0, at = read_digits(text, length, &whole);
    if (at == 0)
        return 0;
    *fractional = at < length && text[at] == '.';
    if (*fractional) {
        digits = read_digits(text + at + 1, length - at - 1, &fraction);
        if (digits == 0)
            return 0;
        at += 1 + digits;
    }
    size_t letters = read_unit(text + at, length - at, unit);
    if (letters == 0 || !fraction_ms(fraction, digits, units[*unit].ms, &rest))
        return 0;
    *ms = whole * units[*unit].ms + rest;
    return at + letters;
}

bool duration_parse(const char *text, size_t length, int64_t *ms)
{
    int64_t sum = 0;
    size_t at = 0, next_unit = 0;
    bool fractional = false;
    while (at < length) {
        size_t unit = 0;
        int64_t part = 0;
        if (fractional) /* "1.5h30m": only the last number may have a point */
            return false;
        size_t width = read_part(text + at, length - at, &unit, &part, &fractional);
        if (width == 0 || unit < next_unit)
            return false;
        sum += part;
        if (sum > most_ms)
            return false;
        next_unit = unit + 1;
        at += width;
    }
    if (at == 0)
        return false;
    *ms = sum;
    return true;
}

/* From the smallest unit outwards: "D.F" of this unit ends the text, "D" may stand before the rest.
 */
static void put_pattern(struct buf *out, size_t unit)
{
    const char *name = units[unit].name;
    if (unit + 1 == UNIT_COUNT) {
        buf_printf(out, "(?:[0-9]{1,%d}%s)?", DIGITS_MOST, name);
        return;
    }
    buf_printf(out, "(?:[0-9]{1,%d}\\.[0-9]{1,%d}%s|(?:[0-9]{1,%d}%s)?", DIGITS_MOST, DIGITS_MOST,
               name, DIGITS_MOST, name);
    put_pattern(out, unit + 1);
    buf_char(out, ')');
}

void duration_pattern(struct buf *out)
{
    buf_text(out, "(?=[0-9])");
    put_pattern(out, 0);
}

const char *duration_format(int64_t ms, char out[DURATION_TEXT_SIZE])
{
    uint64_t left = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;
    size_t length = 0;
    if (left == 0)
        return memcpy(out, "0s", sizeof "0s");
    if (ms < 0)
        out[length++] = '-';
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        uint64_t unit = (uint64_t)units[i].ms, count = left / unit;
        /* Whole weeks only: "10d" reads better than "1w3d". */
        if (count == 0 || (unit == WEEK && left % WEEK != 0))
            continue;
        length += (size_t)snprintf(out + length, DURATION_TEXT_SIZE - length, "%llu%s",
                                   (unsigned long long)count, units[i].name);
        left %= unit;
    }
    return out;
}
