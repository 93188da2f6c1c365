#include "base/time_of_day.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DAY_MINUTES = 24 * 60 };

int time_of_day_parse(const char *text, size_t length)
{
    int parts[2] = {0}, digits[2] = {0}, part = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == ':' && part == 0) {
            part = 1;
        } else if (text[i] >= '0' && text[i] <= '9' && digits[part] < 2) {
            parts[part] = parts[part] * 10 + (text[i] - '0');
            digits[part]++;
        } else {
            return -1;
        }
    }
    int minutes = parts[0] * 60 + parts[1];
    return digits[0] && digits[1] == 2 && parts[1] < 60 && minutes < DAY_MINUTES ? minutes : -1;
}

/* ---- Guesses ---- */

struct scan {
    const char *at, *end;
};

static bool skip(struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length || strncasecmp(scan->at, word, length) != 0)
        return false;
    scan->at += length;
    return true;
}

/* One or two digits; -1 where there are none. */
static int read_digits(struct scan *scan)
{
    int number = -1;
    for (int i = 0; i < 2 && scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; i++)
        number = (number < 0 ? 0 : number) * 10 + (*scan->at++ - '0');
    return number;
}

/* The hour as the words behind it make it: "9 pm" is 21. -1: there is no such hour. */
static int read_half(struct scan *scan, int hour)
{
    bool before = skip(scan, "am") || skip(scan, "a.m."), after = false;
    if (!before)
        after = skip(scan, "pm") || skip(scan, "p.m.");
    if (!before && !after)
        return skip(scan, "o'clock") || skip(scan, "uhr") || hour < 24 ? hour : -1;
    if (hour < 1 || hour > 12)
        return -1;
    return hour % 12 + (after ? 12 : 0);
}

static int guess_text(const struct value *value)
{
    struct scan scan = {value->string, value->string + value->length};
    int minute = 0;
    if (value_is_text(value, "noon") || value_is_text(value, "midday"))
        return 12 * 60;
    if (value_is_text(value, "midnight") || value_is_text(value, "24:00"))
        return 0;
    int hour = read_digits(&scan);
    bool more = skip(&scan, ":") || skip(&scan, ".") || skip(&scan, "h");
    if (more && scan.at < scan.end)
        minute = read_digits(&scan);
    if (minute >= 0 && skip(&scan, ":"))
        read_digits(&scan);
    skip(&scan, "h");
    while (skip(&scan, " "))
        ;
    hour = hour < 0 ? -1 : read_half(&scan, hour);
    return hour < 0 || minute < 0 || minute > 59 || scan.at < scan.end ? -1 : hour * 60 + minute;
}

/* 9, and 9.30, which YAML reads as 9.3. */
static int guess_number(const struct value *value)
{
    double number;
    if (!value_to_double(value, &number) || !(number >= 0 && number < 24))
        return -1;
    int hour = (int)number, minute = (int)lround((number - hour) * 100);
    return minute < 60 ? hour * 60 + minute : -1;
}

bool time_of_day_guess(const struct value *value, char out[TIME_OF_DAY_TEXT_SIZE])
{
    int minutes = value->kind == VALUE_STRING                               ? guess_text(value)
                  : value->kind == VALUE_INT || value->kind == VALUE_DOUBLE ? guess_number(value)
                                                                            : -1;
    if (minutes < 0 || minutes >= DAY_MINUTES)
        return false;
    snprintf(out, TIME_OF_DAY_TEXT_SIZE, "%02u:%02u", (unsigned)minutes / 60 % 24,
             (unsigned)minutes % 60);
    return true;
}
