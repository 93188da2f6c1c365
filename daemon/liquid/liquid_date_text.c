#include "liquid/liquid_date_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "liquid/liquid_lex.h"

enum { TEXT_MOST = 128, NUMBER_MOST = 99999999 };

/* The text in small letters, where what has been read is blanked out. It ends with NULs
 * enough to look two characters ahead. */
struct reader {
    char text[TEXT_MOST + 4];
    struct liquid_date_text *date;
};

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_word(char c)
{
    return liquid_lex_digit(c) || is_letter(c) || c == '_';
}

static const char *skip_digits(const char *at)
{
    while (liquid_lex_digit(*at))
        at++;
    return at;
}

static const char *skip_space(const char *at)
{
    while (*at == ' ')
        at++;
    return at;
}

static int number(const char *at, const char *end)
{
    int sum = 0;
    for (; at < end && sum < NUMBER_MOST / 10; at++)
        sum = sum * 10 + (*at - '0');
    return sum;
}

/* At the beginning of a word. */
static bool begins(const struct reader *reader, const char *at)
{
    return at == reader->text || !is_word(at[-1]);
}

static void blank(const char *from, const char *to)
{
    memset((char *)from, ' ', (size_t)(to - from));
}

static int find_name(const char *at, const char *names)
{
    if (!is_letter(*at))
        return 0;
    for (int i = 0; names[i * 3]; i++)
        if (strncmp(at, names + i * 3, 3) == 0)
            return i + 1;
    return 0;
}

/* 1 to 12 where a month's name begins at `at`, else 0. */
static int month_at(const char *at)
{
    return find_name(at, "janfebmaraprmayjunjulaugsepoctnovdec");
}

/* Past what may follow a month's or a day's first letters: "ch," of "march,". */
static const char *skip_tail(const char *at, const char *stops)
{
    while (*at && !liquid_lex_digit(*at) && *at != ' ' && !strchr(stops, *at))
        at++;
    return at;
}

/* ['][-]digits; its end, or NULL. */
static const char *skip_number(const char *at)
{
    at += *at == '\'';
    at += *at == '-';
    return liquid_lex_digit(*at) ? skip_digits(at) : NULL;
}

/* A month's name as the number that set_date takes. */
static struct slice month_piece(int month)
{
    static const char numbers[] = "010203040506070809101112";
    return slice_between(numbers + (month - 1) * 2, numbers + month * 2);
}

static void set_year(struct reader *reader, const struct slice *year)
{
    const char *at = year->text, *end = at + year->length;
    while (at < end && !liquid_lex_digit(*at) && *at != '-' && *at != '+')
        at++;
    bool negative = *at == '-', sign = negative || *at == '+';
    at += sign;
    const char *stop = skip_digits(at);
    int value = number(at, stop < end ? stop : end);
    if (!sign && stop - at <= 2) /* of two digits: 69 is 1969, 68 is 2068 */
        value += value >= 69 ? 1900 : 2000;
    reader->date->year = negative ? -value : value;
}

static int piece_number(const struct slice *part)
{
    const char *at = part->text, *end = at + part->length;
    while (at < end && !liquid_lex_digit(*at))
        at++;
    const char *stop = skip_digits(at);
    return number(at, stop < end ? stop : end);
}

static bool is_long(const struct slice *part)
{
    return part->text && (*part->text == '\'' || part->length > 2);
}

static void swap(struct slice *a, struct slice *b)
{
    struct slice kept = *a;
    *a = *b;
    *b = kept;
}

/* Three numbers in the order year, month, day, unless their length tells otherwise. What has
 * no `text` is not there. */
static void set_date(struct reader *reader, struct slice year, struct slice month, struct slice day)
{
    if (year.text && month.text && !day.text) {
        day = month;
        month = year;
        year = (struct slice){0};
    }
    if (!year.text && is_long(&day))
        swap(&year, &day);
    if (is_long(&month)) {
        struct slice kept = year;
        year = month;
        month = day;
        day = kept;
    }
    if (is_long(&day))
        swap(&year, &day);
    if (year.text)
        set_year(reader, &year);
    if (month.text)
        reader->date->month = piece_number(&month);
    if (day.text)
        reader->date->day = piece_number(&day);
}

/* Names of days say nothing that a date does not. */
static void drop_weekday(struct reader *reader)
{
    for (const char *at = reader->text; *at; at++) {
        if (!begins(reader, at) || !find_name(at, "sunmontuewedthufrisat"))
            continue;
        const char *end = skip_tail(at + 3, "-/");
        blank(at, end);
        return;
    }
}

static const struct {
    const char *name;
    int hours;
} zones[] = {{"utc", 0},  {"ut", 0},   {"gmt", 0},  {"z", 0},    {"est", -5}, {"edt", -4},
             {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}};

/* ±hh, ±hhmm, ±hh:mm; other lengths say nothing. */
static void read_offset(struct reader *reader, const char *at, const char *end)
{
    struct liquid_date_text *date = reader->date;
    const char *digits = at + 1, *stop = skip_digits(digits);
    int hours = number(digits, digits + 2 < stop ? digits + 2 : stop), minutes = 0;
    bool right = stop - digits == 2 || stop - digits == 4;
    if (stop - digits == 4)
        minutes = number(digits + 2, stop);
    if (stop - digits == 2 && *stop == ':') {
        right = end - stop >= 3 && skip_digits(stop + 1) - stop == 3;
        minutes = number(stop + 1, stop + 3);
    }
    if (!right || hours > 23 || minutes > 59)
        return;
    date->has_offset = true;
    date->offset = (hours * 60 + minutes) * (*at == '-' ? -1 : 1);
    date->utc = *at == '-' && date->offset == 0;
}

static void read_zone_name(struct reader *reader, const char *at, const char *end)
{
    size_t length = (size_t)(end - at);
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (strlen(zones[i].name) == length && memcmp(zones[i].name, at, length) == 0) {
            reader->date->has_offset = true;
            reader->date->offset = zones[i].hours * 60;
            reader->date->utc = zones[i].hours == 0;
        }
    /* The letters of military zones: a to m east of Greenwich without j, n to y west. */
    if (length == 1 && *at != 'j' && *at != 'z') {
        int hours = *at < 'j' ? *at - 'a' + 1 : *at <= 'm' ? *at - 'a' : 'm' - *at;
        reader->date->has_offset = true;
        reader->date->offset = hours * 60;
    }
}

/* What follows a time: an offset, or any word, which is then taken for a zone. */
static const char *read_zone(struct reader *reader, const char *at)
{
    const char *start = skip_space(at), *sign = start;
    if (strncmp(start, "gmt", 3) == 0 || strncmp(start, "utc", 3) == 0)
        sign += 3;
    if ((*sign == '+' || *sign == '-') && liquid_lex_digit(sign[1])) {
        const char *end = skip_digits(sign + 1);
        if (strchr(",.:", *end) && *end && liquid_lex_digit(end[1]))
            end = skip_digits(end + 1);
        if (sign == start)
            read_offset(reader, sign, end);
        return end;
    }
    const char *end = start;
    while (is_letter(*end))
        end++;
    if (end == start || is_word(*end))
        return at;
    read_zone_name(reader, start, end);
    return end;
}

/* am, pm, a.m., p.m.; `at` where there is none. */
static const char *read_half(const char *at, bool *afternoon)
{
    const char *start = skip_space(at);
    if (*start != 'a' && *start != 'p')
        return at;
    *afternoon = *start == 'p';
    if (start[1] == 'm' && !is_word(start[2]))
        return start + 2;
    return strncmp(start + 1, ".m.", 3) == 0 ? start + 4 : at;
}

/* The next part of a time behind its separator; NULL where there is none. */
static const char *time_part(const char *at, char separator, int *part)
{
    const char *start = skip_space(at);
    if (separator) {
        if (*start != separator)
            return NULL;
        start = skip_space(start + 1);
    }
    const char *end = skip_digits(start);
    if (end == start)
        return NULL;
    *part = number(start, end);
    return end;
}

static int nanoseconds(const char *at, const char *end)
{
    int sum = 0;
    for (int i = 0; i < 9; i++)
        sum = sum * 10 + (at < end ? *at++ - '0' : 0);
    return sum;
}

/* 10:00, 10:00:59.5, 10h30m; NULL where it is none of these. */
static const char *read_clock(struct reader *reader, const char *at)
{
    struct liquid_date_text *date = reader->date;
    const char *digits = skip_digits(at), *end = time_part(digits, ':', &date->minute), *next;
    date->hour = number(at, digits);
    if (!end) {
        const char *letter = skip_space(digits);
        if (*letter != 'h')
            return NULL;
        end = letter + 1;
        if ((next = time_part(end, '\0', &date->minute))) {
            end = next + (*next == 'm');
            if ((next = time_part(end, '\0', &date->second)))
                end = next + (*next == 's');
        }
        return end;
    }
    if ((next = time_part(end, ':', &date->second))) {
        end = next;
        if (*end == '.' || *end == ',') {
            next = skip_digits(end + 1);
            date->nanosecond = nanoseconds(end + 1, next);
            end = next;
        }
    }
    return end;
}

static void read_time(struct reader *reader)
{
    struct liquid_date_text *date = reader->date;
    for (const char *at = reader->text; *at; at++) {
        bool afternoon = false;
        if (!liquid_lex_digit(*at))
            continue;
        const char *digits = skip_digits(at), *end = read_clock(reader, at);
        const char *half = read_half(end ? end : digits, &afternoon);
        bool has_half = half != (end ? end : digits);
        if (!end && !has_half) {
            date->hour = date->minute = LIQUID_DATE_TEXT_NONE;
            at = digits - 1;
            continue;
        }
        if (has_half)
            date->hour = date->hour % 12 + (afternoon ? 12 : 0);
        blank(at, read_zone(reader, half));
        return;
    }
}

/* 14 March 2016, 14mar. */
static bool read_day_month(struct reader *reader, const char *at)
{
    const char *digits = at + (*at == '\''), *end = skip_digits(digits);
    if (end == digits)
        return false;
    const char *tail = skip_tail(end, "-");
    for (const char *month = tail; month >= end; month--) {
        const char *name = month == tail ? skip_space(month) : month;
        if (!month_at(name))
            continue;
        const char *year = skip_space(skip_tail(name + 3, "-'")), *stop = skip_number(year);
        set_date(reader, stop ? slice_between(year, stop) : (struct slice){0},
                 month_piece(month_at(name)), slice_between(digits, end));
        return true;
    }
    return false;
}

/* March 14, 2016. */
static bool read_month_day(struct reader *reader, const char *at)
{
    if (!begins(reader, at) || !month_at(at))
        return false;
    const char *day = skip_space(skip_tail(at + 3, "-'")), *end = day + (*day == '\'');
    if (!liquid_lex_digit(*end))
        return false;
    end = skip_digits(end);
    const char *year = skip_space(skip_tail(end, "-'"));
    year = skip_space(year + (*year == ','));
    const char *stop = skip_number(year);
    set_date(reader, stop ? slice_between(year, stop) : (struct slice){0},
             month_piece(month_at(at)), slice_between(day, end));
    return true;
}

/* 2016-03-14, 14-03-2016. */
static bool read_dashes(struct reader *reader, const char *at)
{
    const char *start = at;
    at += *at == '\'';
    at += *at == '-' || *at == '+';
    const char *year = liquid_lex_digit(*at) ? skip_digits(at) : NULL;
    if (!year || *year != '-' || !liquid_lex_digit(year[1]))
        return false;
    const char *month = skip_digits(year + 1);
    const char *day = *month == '-' ? skip_number(month + 1) : NULL;
    if (!day)
        return false;
    set_date(reader, slice_between(start, year), slice_between(year + 1, month),
             slice_between(month + 1, day));
    return true;
}

/* 14-Mar-2016, Mar-14-2016. */
static bool read_dashed_month(struct reader *reader, const char *at)
{
    const char *first = skip_number(at), *name = first && *first == '-' ? first + 1 : at;
    int month = month_at(name);
    if (!month || (name == at && !begins(reader, at)))
        return false;
    const char *second = skip_tail(name + 3, "-/.");
    const char *end = *second == '-' ? skip_number(second + 1) : NULL;
    if (!end)
        return false;
    struct slice middle = month_piece(month);
    if (name != at) {
        set_date(reader, slice_between(second + 1, end), middle, slice_between(at, first));
        return true;
    }
    const char *third = *end == '-' ? skip_number(end + 1) : NULL;
    set_date(reader, third ? slice_between(end + 1, third) : (struct slice){0}, middle,
             slice_between(second + 1, end));
    return true;
}

/* 2016/03/14, 14/03/2016, 3/14. */
static bool read_slashes(struct reader *reader, const char *at)
{
    const char *year = skip_number(at);
    if (!year || *year != '/')
        return false;
    const char *month = skip_space(year + 1), *stop = month + (*month == '\'');
    if (!liquid_lex_digit(*stop))
        return false;
    stop = skip_digits(stop);
    const char *day = *stop ? skip_space(stop + 1) : stop, *end = *stop ? skip_number(day) : NULL;
    set_date(reader, slice_between(at, year), slice_between(month, stop),
             end ? slice_between(day, end) : (struct slice){0});
    return true;
}

/* 2016.03.14, 14.03.2016. */
static bool read_dots(struct reader *reader, const char *at)
{
    const char *year = skip_number(at);
    if (!year || *year != '.')
        return false;
    const char *month = skip_space(year + 1), *stop = skip_digits(month);
    if (stop == month || *stop != '.')
        return false;
    const char *day = skip_space(stop + 1), *end = skip_number(day);
    if (!end)
        return false;
    set_date(reader, slice_between(at, year), slice_between(month, stop), slice_between(day, end));
    return true;
}

/* 2016-074: the day of the year. */
static bool read_year_day(struct reader *reader, const char *at)
{
    const char *end = skip_digits(at);
    if (!begins(reader, at) || (end - at != 4 && end - at != 2) || *end != '-' ||
        skip_digits(end + 1) - end != 4 || is_word(end[4]))
        return false;
    struct slice year = slice_between(at, end);
    set_year(reader, &year);
    reader->date->year_day = number(end + 1, end + 4);
    return true;
}

static bool read_month(struct reader *reader, const char *at)
{
    if (!begins(reader, at) || !month_at(at))
        return false;
    reader->date->month = month_at(at);
    return true;
}

/* 14th */
static bool read_ordinal(struct reader *reader, const char *at)
{
    const char *end = skip_digits(at);
    if (end == at || !begins(reader, at) || is_word(end[0] ? end[2] : 'x') ||
        (strncmp(end, "st", 2) != 0 && strncmp(end, "nd", 2) != 0 && strncmp(end, "rd", 2) != 0 &&
         strncmp(end, "th", 2) != 0))
        return false;
    reader->date->day = number(at, end);
    return true;
}

/* The parts of a run of digits, from the year: 4, 2, 2, 2, 2, 2 of them. */
static void read_run(struct reader *reader, const char *at, size_t length, bool negative)
{
    struct liquid_date_text *date = reader->date;
    int *const parts[] = {&date->month, &date->day, &date->hour, &date->minute, &date->second};
    date->year = number(at, at + 4);
    if (negative)
        date->year = -date->year;
    for (size_t i = 0; 6 + i * 2 <= length; i++)
        *parts[i] = number(at + 4 + i * 2, at + 6 + i * 2);
}

static bool read_date_digits(struct reader *reader, const char *at, size_t length, bool negative)
{
    struct liquid_date_text *date = reader->date;
    struct slice year = slice_between(at, at + (length == 5 || length == 6 ? 2 : 4));
    switch (length) {
    case 2:
        date->day = number(at, at + 2);
        return true;
    case 3:
        date->year_day = number(at, at + 3);
        return true;
    case 4:
        date->month = number(at, at + 2);
        date->day = number(at + 2, at + 4);
        return true;
    case 5:
    case 7:
        set_year(reader, &year);
        date->year_day = number(at + length - 3, at + length);
        return true;
    case 6:
        set_year(reader, &year);
        date->month = number(at + 2, at + 4);
        date->day = number(at + 4, at + 6);
        return true;
    case 8:
    case 10:
    case 12:
    case 14:
        read_run(reader, at, length, negative);
        return true;
    default:
        return false;
    }
}

/* 20160314, 20160314T100000Z, 0314. */
static bool read_digits(struct reader *reader, const char *at)
{
    struct liquid_date_text *date = reader->date;
    bool negative = *at == '-';
    const char *start = at + (*at == '-' || *at == '+'), *end = skip_digits(start);
    if (end - start < 2 || end - start > 14 ||
        !read_date_digits(reader, start, (size_t)(end - start), negative))
        return false;
    const char *time = skip_space(end);
    time = skip_space(time + (*time == 't'));
    const char *stop = skip_digits(time);
    if (stop - time < 2 || stop - time > 6 || date->hour != LIQUID_DATE_TEXT_NONE)
        return true;
    date->hour = number(time, time + 2);
    if (stop - time >= 4)
        date->minute = number(time + 2, time + 4);
    if (stop - time == 6)
        date->second = number(time + 4, time + 6);
    if (*stop == 'z' || *stop == '+' || *stop == '-')
        read_zone(reader, stop);
    return true;
}

/* The forms in the order in which they are looked for: each anywhere in the text. */
static bool (*const forms[])(struct reader *, const char *) = {
    read_day_month, read_month_day, read_dashes, read_dashed_month, read_slashes,
    read_dots,      read_year_day,  read_month,  read_ordinal,      read_digits,
};

static void read_date(struct reader *reader)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        for (const char *at = reader->text; *at; at++)
            if (forms[i](reader, at))
                return;
}

/* Small letters; runs of what takes no part become one blank. */
static void copy_text(struct reader *reader, const char *text, size_t length)
{
    char *to = reader->text;
    for (size_t i = 0; i < length && i < TEXT_MOST; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
        bool kept = liquid_lex_digit(c) || is_letter(c) || (c && strchr("-+',./:@[]", c));
        if (kept)
            *to++ = c;
        else if (to == reader->text || to[-1] != ' ')
            *to++ = ' ';
    }
}

/* Digits of a fixed count; false where others stand there. */
static bool fixed(const char **at, const char *end, int count, int *value)
{
    if (end - *at < count)
        return false;
    for (int i = 0; i < count; i++)
        if (!liquid_lex_digit((*at)[i]))
            return false;
    *value = number(*at, *at + count);
    *at += count;
    return true;
}

static bool sign(const char **at, const char *end, char c)
{
    bool found = *at < end && **at == c;
    *at += found;
    return found;
}

/* What is in most data, YYYY-MM-DDThh:mm:ss with Z or ±hh:mm: the same result as by the
 * rules for people's texts, without their search. */
static bool read_iso(struct reader *reader, const char *at, size_t length)
{
    struct liquid_date_text date = *reader->date;
    const char *end = at + length;
    int hours, minutes;
    if (!fixed(&at, end, 4, &date.year) || !sign(&at, end, '-') ||
        !fixed(&at, end, 2, &date.month) || !sign(&at, end, '-') ||
        !fixed(&at, end, 2, &date.day) || !sign(&at, end, 'T') || !fixed(&at, end, 2, &date.hour) ||
        !sign(&at, end, ':') || !fixed(&at, end, 2, &date.minute) || !sign(&at, end, ':') ||
        !fixed(&at, end, 2, &date.second))
        return false;
    date.has_offset = true;
    date.utc = sign(&at, end, 'Z');
    if (!date.utc) {
        bool west = sign(&at, end, '-');
        if ((!west && !sign(&at, end, '+')) || !fixed(&at, end, 2, &hours) ||
            !sign(&at, end, ':') || !fixed(&at, end, 2, &minutes) || hours > 23 || minutes > 59)
            return false;
        date.offset = (west ? -1 : 1) * (hours * 60 + minutes);
        date.utc = west && date.offset == 0;
    }
    if (at == end)
        *reader->date = date;
    return at == end;
}

bool liquid_date_text_parse(const char *text, size_t length, struct liquid_date_text *date)
{
    enum { NONE = LIQUID_DATE_TEXT_NONE };
    struct reader reader = {.date = date};
    *date =
        (struct liquid_date_text){NONE, NONE, NONE, NONE, NONE, NONE, NONE, .has_offset = false};
    if (read_iso(&reader, text, length))
        return true;
    copy_text(&reader, text, length);
    drop_weekday(&reader);
    read_time(&reader);
    read_date(&reader);
    return date->year != NONE || date->month != NONE || date->day != NONE ||
           date->year_day != NONE || date->hour != NONE;
}

void liquid_date_text_zone(int offset, char name[16])
{
    int size = abs(offset);
    snprintf(name, 16, "%c%02d:%02d", offset < 0 ? '-' : '+', size / 60 % 100, size % 60);
}
