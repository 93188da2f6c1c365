/*
 * Dates by a format. read_directive() takes a directive apart; the letter is then tried among
 * those that print a part of the calendar, a part of the clock, a name, and those that are short
 * for a format of their own. All print by put_padded(), with the padding and width that the
 * directive has or else the letter's own.
 */
#include "liquid/liquid_strftime.h"

#include <ctype.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/zone_civil.h"

enum { WIDTH_MOST = 1024 };

static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};

/* One directive: %[flags][width]letter. */
struct directive {
    char padding; /* '0', ' ', '-' for none; '\0': the directive's own */
    bool upper;   /* ^ */
    bool swapped; /* # */
    int colons;   /* of %:z */
    int width;    /* 0: the directive's own */
    char letter;
};

static void put_padded(struct buf *out, const struct directive *directive, const char *text,
                       size_t length, char padding, int width)
{
    if (directive->padding)
        padding = directive->padding;
    if (directive->width)
        width = directive->width;
    for (int i = (int)length; padding != '-' && i < width; i++)
        buf_char(out, padding);
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (directive->upper && c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        buf_char(out, c);
    }
}

static void put_text(struct buf *out, const struct directive *directive, const char *text,
                     size_t length)
{
    struct directive with = *directive;
    with.upper = with.upper || with.swapped;
    put_padded(out, &with, text, length, ' ', 0);
}

/* The sign stands before the padding of zeros. */
static void put_number(struct buf *out, const struct directive *directive, int64_t number,
                       char padding, int width)
{
    char text[DECIMAL_TEXT_SIZE];
    if (directive->padding)
        padding = directive->padding;
    if (directive->width)
        width = directive->width;
    if (number < 0 && padding == '0') {
        buf_char(out, '-');
        number = -number;
        width--;
    }
    struct directive with = {.padding = padding, .width = width};
    put_padded(out, &with, text, decimal_print_int(number, text), padding, width);
}

/* AM, PM: # makes them small. */
static void put_half(struct buf *out, const struct directive *directive, int hour, bool small)
{
    static const char *const names[] = {"AM", "PM", "am", "pm"};
    struct directive with = *directive;
    small = small || with.swapped;
    put_padded(out, &with, names[(hour >= 12) + (small && !with.upper ? 2 : 0)], 2, ' ', 0);
}

/* Digits of the second's fraction: as many as the width says. */
static void put_fraction(struct buf *out, const struct directive *directive, int nanosecond,
                         int digits)
{
    char text[16];
    snprintf(text, sizeof text, "%09d", nanosecond);
    int width = directive->width ? directive->width : digits;
    for (int i = 0; i < width; i++)
        buf_char(out, i < 9 ? text[i] : '0');
}

/* "EEST"; # makes it small. */
static void put_zone(struct buf *out, const struct directive *directive, const char *zone)
{
    char small[16];
    struct directive with = *directive;
    size_t length = strlen(zone) < sizeof small ? strlen(zone) : sizeof small;
    for (size_t i = 0; i < length; i++)
        small[i] = (char)tolower((unsigned char)zone[i]);
    with.swapped = false;
    put_text(out, &with, directive->swapped ? small : zone, length);
}

static void put_offset(struct buf *out, const struct directive *directive, int offset)
{
    char text[16];
    int size = offset < 0 ? -offset : offset, hours = size / 60, minutes = size % 60;
    int colons = directive->colons;
    if (colons == 0)
        snprintf(text, sizeof text, "%02d%02d", hours, minutes);
    else if (colons == 1 || (colons == 3 && minutes))
        snprintf(text, sizeof text, "%02d:%02d", hours, minutes);
    else if (colons == 2)
        snprintf(text, sizeof text, "%02d:%02d:00", hours, minutes);
    else
        snprintf(text, sizeof text, "%02d", hours);
    buf_char(out, offset < 0 ? '-' : '+');
    for (int i = (int)strlen(text) + 1; i < directive->width; i++)
        buf_char(out, '0');
    buf_text(out, text);
}

/* The week of the year whose weeks begin on `first` (0: Sunday). */
static int week_from(const struct zone_time *local, int first)
{
    return (local->day_of_year + 7 - (local->weekday - first + 7) % 7) / 7;
}

/* ISO 8601: the week that has a year's first Thursday is its first. */
static int iso_week(const struct zone_time *local, int *year)
{
    int weekday = (local->weekday + 6) % 7; /* from Monday */
    int week = (local->day_of_year - weekday + 10) / 7;
    *year = local->year;
    if (week < 1) {
        int days = 365 + zone_civil_leap(--*year);
        return (local->day_of_year + days - weekday + 10) / 7;
    }
    int days = 365 + zone_civil_leap(local->year);
    if (week == 53 && local->day_of_year - weekday + 3 >= days) {
        ++*year;
        return 1;
    }
    return week;
}

static int floor_divide(int a, int b)
{
    return a / b - (a % b < 0);
}

/* Directives that are formats themselves; NULL for others. */
static const char *composite(char letter)
{
    switch (letter) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    case 'R':
        return "%H:%M";
    case 'r':
        return "%I:%M:%S %p";
    case 'v':
        return "%e-%^b-%Y";
    case '+':
        return "%a %b %e %H:%M:%S %Z %Y";
    default:
        return NULL;
    }
}

/* Names, halves of the day, zones; false for other letters. */
static bool put_word(struct buf *out, const struct liquid_date *date,
                     const struct directive *directive)
{
    const struct zone_time *local = &date->local;
    const char *day = day_names[local->weekday], *month = month_names[local->month - 1];
    switch (directive->letter) {
    case 'A':
        put_text(out, directive, day, strlen(day));
        return true;
    case 'a':
        put_text(out, directive, day, 3);
        return true;
    case 'B':
        put_text(out, directive, month, strlen(month));
        return true;
    case 'b':
    case 'h':
        put_text(out, directive, month, 3);
        return true;
    case 'p':
    case 'P':
        put_half(out, directive, local->hour, directive->letter == 'P');
        return true;
    case 'Z':
        put_zone(out, directive, date->zone);
        return true;
    case 'z':
        put_offset(out, directive, local->offset);
        return true;
    case 'n':
    case 't':
    case '%':
        put_text(out, directive,
                 directive->letter == 'n'   ? "\n"
                 : directive->letter == 't' ? "\t"
                                            : "%",
                 1);
        return true;
    default:
        return false;
    }
}

static bool put_clock(struct buf *out, const struct liquid_date *date,
                      const struct directive *directive)
{
    const struct zone_time *local = &date->local;
    int twelve = local->hour % 12 ? local->hour % 12 : 12;
    switch (directive->letter) {
    case 'H':
    case 'k':
        put_number(out, directive, local->hour, directive->letter == 'H' ? '0' : ' ', 2);
        return true;
    case 'I':
    case 'l':
        put_number(out, directive, twelve, directive->letter == 'I' ? '0' : ' ', 2);
        return true;
    case 'M':
        put_number(out, directive, local->minute, '0', 2);
        return true;
    case 'S':
        put_number(out, directive, local->second, '0', 2);
        return true;
    case 's':
        put_number(out, directive, date->seconds, '0', 1);
        return true;
    case 'L':
    case 'N':
        put_fraction(out, directive, date->nanosecond, directive->letter == 'L' ? 3 : 9);
        return true;
    default:
        return false;
    }
}

static bool put_calendar(struct buf *out, const struct liquid_date *date,
                         const struct directive *directive)
{
    const struct zone_time *local = &date->local;
    int iso_year, week = iso_week(local, &iso_year);
    int year = directive->letter == 'G' || directive->letter == 'g' ? iso_year : local->year;
    switch (directive->letter) {
    case 'Y':
    case 'G':
        put_number(out, directive, year, '0', year < 0 ? 5 : 4);
        return true;
    case 'C':
        put_number(out, directive, floor_divide(year, 100), '0', 2);
        return true;
    case 'y':
    case 'g':
        put_number(out, directive, year - floor_divide(year, 100) * 100, '0', 2);
        return true;
    case 'm':
        put_number(out, directive, local->month, '0', 2);
        return true;
    case 'd':
    case 'e':
        put_number(out, directive, local->day, directive->letter == 'd' ? '0' : ' ', 2);
        return true;
    case 'j':
        put_number(out, directive, local->day_of_year + 1, '0', 3);
        return true;
    case 'U':
    case 'W':
        put_number(out, directive, week_from(local, directive->letter == 'W'), '0', 2);
        return true;
    case 'V':
        put_number(out, directive, week, '0', 2);
        return true;
    case 'u':
    case 'w':
        put_number(out, directive,
                   directive->letter == 'u' && local->weekday == 0 ? 7 : local->weekday, '0', 1);
        return true;
    default:
        return false;
    }
}

static bool put_composite(struct buf *out, const struct liquid_date *date,
                          const struct directive *directive)
{
    const char *format = composite(directive->letter);
    char text[128];
    struct buf inner = {.data = text, .capacity = sizeof text, .limit = sizeof text - 1};
    if (!format)
        return false;
    liquid_strftime(&inner, date, format, strlen(format));
    put_padded(out, directive, text, inner.length, ' ', 0);
    return true;
}

/* Behind the directive at `at`, which is a %; NULL where it is none. */
static const char *read_directive(const char *at, const char *end, struct directive *directive)
{
    *directive = (struct directive){0};
    for (at++; at < end; at++) {
        if (*at == '-' || *at == '0')
            directive->padding = *at;
        else if (*at == '_')
            directive->padding = ' ';
        else if (*at == '^')
            directive->upper = true;
        else if (*at == '#')
            directive->swapped = true;
        else if (*at == ':' && directive->colons < 3)
            directive->colons++;
        else
            break;
    }
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        if ((directive->width = directive->width * 10 + (*at - '0')) > WIDTH_MOST)
            return NULL;
    for (; at < end && *at == ':' && directive->colons < 3; at++)
        directive->colons++;
    if (at < end && (*at == 'E' || *at == 'O'))
        at++;
    if (at == end || (directive->colons && *at != 'z'))
        return NULL;
    directive->letter = *at;
    return at + 1;
}

bool liquid_strftime(struct buf *out, const struct liquid_date *date, const char *format,
                     size_t length)
{
    const char *at = format, *end = format + length;
    while (at < end) {
        struct directive directive;
        const char *next = *at == '%' ? read_directive(at, end, &directive) : NULL;
        if (next && (put_calendar(out, date, &directive) || put_clock(out, date, &directive) ||
                     put_word(out, date, &directive) || put_composite(out, date, &directive))) {
            at = next;
            continue;
        }
        buf_char(out, *at++);
    }
    return !out->full;
}
