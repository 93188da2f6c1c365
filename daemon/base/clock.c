/*
 * What the system's clocks say; then times as text: printed (clock_format), and read as RFC 3339
 * writes them, or as a number since 1970 (clock_parse and clock_of_number, at the end).
 */
#include "base/clock.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "base/zone_civil.h"

enum { DAY_SECONDS = 86400 };

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: all that RFC 3339 can write. */
static const int64_t earliest = -62167219200, latest = 253402300799;

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
    return read_us(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_beat_ms(void)
{
    return 1000 - clock_monotonic_ms() % 1000;
}

int64_t clock_thread_ms(void)
{
    return read_ms(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

static inline char *put_digits(char *at, unsigned number, int width)
{
    for (int i = width - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + width;
}

static inline char *put_two(char *at, unsigned number)
{
    at[0] = (char)('0' + number / 10);
    at[1] = (char)('0' + number % 10);
    return at + 2;
}

size_t clock_print_second(int64_t second, char out[CLOCK_TEXT_SIZE])
{
    second = second < earliest ? earliest : second > latest ? latest : second;
    int64_t days = zone_civil_floor(second, DAY_SECONDS);
    unsigned of_day = (unsigned)(second - days * DAY_SECONDS);
    struct zone_civil date = zone_civil_date(days);
    char *at = put_two(out, (unsigned)date.year / 100);
    at = put_two(at, (unsigned)date.year % 100);
    *at++ = '-';
    at = put_two(at, (unsigned)date.month);
    *at++ = '-';
    at = put_two(at, (unsigned)date.day);
    *at++ = 'T';
    at = put_two(at, of_day / 3600);
    *at++ = ':';
    at = put_two(at, of_day / 60 % 60);
    *at++ = ':';
    at = put_two(at, of_day % 60);
    *at = '\0';
    return (size_t)(at - out);
}

const char *clock_format(int64_t ms, char out[CLOCK_TEXT_SIZE])
{
    int64_t first = earliest * 1000, last = latest * 1000 + 999;
    ms = ms < first ? first : ms > last ? last : ms;
    int64_t second = zone_civil_floor(ms, 1000);
    int rest = (int)(ms - second * 1000);
    char *at = out + clock_print_second(second, out);
    if (rest) {
        *at++ = '.';
        at = put_digits(at, (unsigned)rest, 3);
    }
    *at++ = 'Z';
    *at = '\0';
    return out;
}

struct reader {
    const char *at, *end;
    bool broken;
};

/* Exactly `width` digits, of a number within least and most. */
static int read_number(struct reader *in, int width, int least, int most)
{
    int number = 0;
    if (in->broken || in->end - in->at < width) {
        in->broken = true;
        return least;
    }
    for (; width > 0; width--, in->at++) {
        if (*in->at < '0' || *in->at > '9')
            in->broken = true;
        else
            number = number * 10 + (*in->at - '0');
    }
    if (number < least || number > most)
        in->broken = true;
    return number;
}

static char read_one_of(struct reader *in, const char *allowed)
{
    if (in->broken || in->at == in->end || *in->at == '\0' || !strchr(allowed, *in->at)) {
        in->broken = true;
        return '\0';
    }
    return *in->at++;
}

/* What follows the seconds' point, to milliseconds; further digits are dropped. */
static int read_fraction(struct reader *in)
{
    int ms = 0, digits = 0;
    if (in->broken || in->at == in->end || *in->at != '.')
        return 0;
    for (in->at++; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++, digits++)
        if (digits < 3)
            ms = ms * 10 + (*in->at - '0');
    if (digits == 0)
        in->broken = true;
    for (; digits < 3; digits++)
        ms *= 10;
    return ms;
}

/* Minutes east of UTC. */
static int read_offset(struct reader *in)
{
    char sign = read_one_of(in, "Zz+-");
    if (in->broken || sign == 'Z' || sign == 'z')
        return 0;
    int hours = read_number(in, 2, 0, 23);
    if (in->at < in->end && *in->at == ':')
        in->at++;
    int minutes = hours * 60 + read_number(in, 2, 0, 59);
    return sign == '-' ? -minutes : minutes;
}

bool clock_parse(const char *text, size_t length, int64_t *ms)
{
    struct reader in = {.at = text, .end = text + length};
    int year = read_number(&in, 4, 0, 9999);
    read_one_of(&in, "-");
    int month = read_number(&in, 2, 1, 12);
    read_one_of(&in, "-");
    int day = read_number(&in, 2, 1, 31);
    read_one_of(&in, "Tt ");
    int hour = read_number(&in, 2, 0, 23);
    read_one_of(&in, ":");
    int minute = read_number(&in, 2, 0, 59);
    read_one_of(&in, ":");
    int second = read_number(&in, 2, 0, 60);
    int fraction = read_fraction(&in);
    int offset = read_offset(&in);
    if (in.broken || in.at != in.end || day > zone_civil_month_days(year, month))
        return false;
    int64_t seconds = zone_civil_days(year, month, day) * DAY_SECONDS +
                      (hour * 60 + minute - offset) * 60 + second;
    if (second == 60 && seconds % DAY_SECONDS != 0) /* only a day's last minute has one */
        return false;
    *ms = seconds * 1000 + fraction;
    return true;
}

bool clock_of_number(double number, int64_t *ms)
{
    const double last = (double)latest + 1;
    if (!(number >= 0 && number < last * 1000))
        return false;
    *ms = (int64_t)(number < last ? round(number * 1000) : number);
    return true;
}
