/*
 * Dates in texts, by the rules of Ruby's Date._parse, which are regular expressions: a weekday is
 * dropped, a time is looked for and blanked out, then a date, by the first of some forms that is
 * found anywhere in what is left. The tables are these rules; each group of an expression has a
 * letter that says which part of a date it holds.
 *
 * Digits in fixed columns have layouts instead, of the same letters. What machines write (ISO
 * 8601) is read by one without a search: the result is that of the rules.
 *
 * Read the tables first, then from the end upwards.
 */
#include "liquid/liquid_date_text.h"

#include <pthread.h>
#include <regex.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/slice.h"
#include "liquid/liquid_lex.h"

enum { TEXT_MOST = 128, NUMBER_MOST = 99999999, GROUPS_MOST = 24 };

/* ---- The rules ---- */

/* Year, month, day, day of the year, hour, minute, second; its fraction, the half of the day, a
 * zone; a run of digits with its sign, and the digits of a time behind it. */
enum { YEAR, MONTH, DAY, YEAR_DAY, HOUR, MINUTE, SECOND, FRACTION, HALF, ZONE, RUN, SIGN, CLOCK };
static const char letters[] = "ymdjHMSfpz#+t";
enum { PARTS = sizeof letters - 1 };

#define MONTHS "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
#define NUMBER "('?-?[0-9]+)"
#define COLONS ": *([0-9]+)( *: *([0-9]+)([.,]([0-9]*))?)?"
#define UNITS  "h( *([0-9]+)m?( *([0-9]+)s?)?)?"
#define HALVES " *([ap])(m\\>|\\.m\\.)"
#define ZONES  "((gmt|utc?)?[-+][0-9]+([,.:][0-9]+(:[0-9]+)?)?|[a-z]+\\>)"

static struct form {
    const char *pattern;
    const char *groups; /* the letter of each; a point: it is of no account */
    regex_t regex;
} weekday = {.pattern = "\\<(sun|mon|tue|wed|thu|fri|sat)[^-/0-9 ]*", .groups = ""};

/* 10:00, 10:00:59.5 pm, 10h30m, 10 a.m.; with a zone, for which any word is taken. */
static struct form clock_time = {
    .pattern = "(([0-9]+) *(" COLONS "|" UNITS ")(" HALVES ")?|([0-9]+)" HALVES ")( *" ZONES ")?",
    .groups = ".H.M.S.f.M.S.p.Hp..z",
};

static struct form dates[] = {
    /* 14 March 2016, 14mar; March 14, 2016 */
    {.pattern = "('?[0-9]+)[^-0-9 ]* *" MONTHS "[^-0-9 ']*( *" NUMBER ")?", .groups = "dm.y"},
    {.pattern = "\\<" MONTHS "[^-0-9 ']* *('?[0-9]+)[^-0-9 ']*( *,? *" NUMBER ")?",
     .groups = "md.y"},
    /* 2016-03-14, 14-03-2016; 14-Mar-2016; Mar-14-2016 */
    {.pattern = "('?[-+]?[0-9]+)-([0-9]+)-" NUMBER, .groups = "ymd"},
    {.pattern = NUMBER "-" MONTHS "[^-/.]*-" NUMBER, .groups = "dmy"},
    {.pattern = "\\<" MONTHS "[^-/.]*-" NUMBER "(-" NUMBER ")?", .groups = "md.y"},
    /* 2016/03/14, 14/03/2016, 3/14; 2016.03.14, 14.03.2016 */
    {.pattern = NUMBER "/ *('?[0-9]+)([^0-9] *" NUMBER ")?", .groups = "ym.d"},
    {.pattern = NUMBER "\\. *('?[0-9]+)\\. *" NUMBER, .groups = "ymd"},
    /* 2016-074; March; 14th */
    {.pattern = "\\<([0-9]{4}|[0-9]{2})-([0-9]{3})\\>", .groups = "yj"},
    {.pattern = "\\<" MONTHS, .groups = "m"},
    {.pattern = "([0-9]+)(st|nd|rd|th)\\>", .groups = "d"},
    /* 20160314, 20160314T100000Z, 0314 */
    {.pattern = "([-+]?)([0-9]{2,14})( *t? *([0-9]{2,6}))?(z\\>|[-+][0-9]{1,4}\\>)?",
     .groups = "+#.tz"},
};

/* Runs of digits, by how many they are. */
static const char *const runs[] = {
    [2] = "dd",
    [3] = "jjj",
    [4] = "mmdd",
    [5] = "yyjjj",
    [6] = "yymmdd",
    [7] = "yyyyjjj",
    [8] = "yyyymmdd",
    [10] = "yyyymmddHH",
    [12] = "yyyymmddHHMM",
    [14] = "yyyymmddHHMMSS",
};
static const char *const clocks[] = {[2] = "HH", [4] = "HHMM", [6] = "HHMMSS"};

/* The single letters are those of armies and ships. */
static const struct {
    const char *name;
    int hours;
} zones[] = {{"z", 0},    {"utc", 0},  {"ut", 0},   {"gmt", 0},  {"est", -5}, {"edt", -4},
             {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7},
             {"a", 1},    {"b", 2},    {"c", 3},    {"d", 4},    {"e", 5},    {"f", 6},
             {"g", 7},    {"h", 8},    {"i", 9},    {"k", 10},   {"l", 11},   {"m", 12},
             {"n", -1},   {"o", -2},   {"p", -3},   {"q", -4},   {"r", -5},   {"s", -6},
             {"t", -7},   {"u", -8},   {"v", -9},   {"w", -10},  {"x", -11},  {"y", -12}};

enum { DATES = sizeof dates / sizeof *dates, ZONE_NAMES = sizeof zones / sizeof *zones };

/* ---- What they are made of ---- */

static void compile_one(struct form *form)
{
    if (regcomp(&form->regex, form->pattern, REG_EXTENDED) != 0)
        mem_exhausted(); /* the patterns are right */
}

/* They are never freed. Any number of threads may search by them at once. */
static void compile_all(void)
{
    compile_one(&weekday);
    compile_one(&clock_time);
    for (size_t i = 0; i < DATES; i++)
        compile_one(&dates[i]);
}

/* Where a form stands in the text (the whole of it in `all`), and its parts; those that are not
 * there have no text. */
static bool find(const struct form *form, const char *text, struct slice parts[PARTS],
                 struct slice *all)
{
    regmatch_t groups[GROUPS_MOST];
    size_t count = strlen(form->groups);
    if (regexec(&form->regex, text, count + 1, groups, 0) != 0)
        return false;
    *all = slice_between(text + groups->rm_so, text + groups->rm_eo);
    memset(parts, 0, sizeof *parts * PARTS);
    for (size_t i = 0; i < count; i++) {
        const char *letter = strchr(letters, form->groups[i]);
        const regmatch_t *group = &groups[i + 1];
        if (letter && group->rm_so >= 0)
            parts[letter - letters] = slice_between(text + group->rm_so, text + group->rm_eo);
    }
    return true;
}

/* Later rules do not see it. */
static void blank(struct slice part)
{
    memset((char *)part.text, ' ', part.length);
}

static int *part_of(struct liquid_date_text *date, char letter)
{
    switch (letter) {
    case 'y':
        return &date->year;
    case 'm':
        return &date->month;
    case 'd':
        return &date->day;
    case 'j':
        return &date->year_day;
    case 'H':
        return &date->hour;
    case 'M':
        return &date->minute;
    case 'S':
        return &date->second;
    default:
        return NULL;
    }
}

/* Digits in the columns that the layout's letters say, other characters as they stand there.
 * `text` is moved past them; where they are not there it stays, though parts may have been set. */
static bool read_columns(const char *layout, struct slice *text, struct liquid_date_text *date)
{
    const char *at = text->text, *end = at + text->length;
    while (*layout) {
        char letter = *layout;
        int *part = part_of(date, letter), sum = 0;
        for (; *layout == letter; layout++, at++) {
            if (at == end || (part ? !liquid_lex_digit(*at) : *at != letter))
                return false;
            sum = sum * 10 + (*at - '0');
        }
        if (part)
            *part = sum;
    }
    *text = slice_between(at, end);
    return true;
}

/* Behind a sign and an apostrophe. */
static int number(struct slice part)
{
    int sum = 0;
    for (size_t i = 0; i < part.length && sum < NUMBER_MOST / 10; i++)
        if (liquid_lex_digit(part.text[i]))
            sum = sum * 10 + (part.text[i] - '0');
    return sum;
}

/* Of two digits without a sign: 69 is 1969, 68 is 2068. */
static void set_year(struct liquid_date_text *date, struct slice year)
{
    const char *at = year.text + (*year.text == '\'');
    bool negative = *at == '-', sign = negative || *at == '+';
    int value = number(year);
    if (!sign && year.text + year.length - at <= 2)
        value += value >= 69 ? 1900 : 2000;
    date->year = negative ? -value : value;
}

static bool is_long(struct slice part)
{
    return part.text && (*part.text == '\'' || part.length > 2);
}

static void swap(struct slice *a, struct slice *b)
{
    struct slice kept = *a;
    *a = *b;
    *b = kept;
}

/* Three numbers in the order year, month, day, unless their length tells otherwise. What has
 * no `text` is not there. */
static void set_date(struct liquid_date_text *date, struct slice year, struct slice month,
                     struct slice day)
{
    if (year.text && month.text && !day.text) {
        day = month;
        month = year;
        year = (struct slice){0};
    }
    if (!year.text && is_long(day))
        swap(&year, &day);
    if (is_long(month)) {
        struct slice kept = year;
        year = month;
        month = day;
        day = kept;
    }
    if (is_long(day))
        swap(&year, &day);
    if (year.text)
        set_year(date, year);
    if (month.text)
        date->month = number(month);
    if (day.text)
        date->day = number(day);
}

/* A month's name as a number. */
static struct slice month_number(struct slice month)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    static const char numbers[] = "010203040506070809101112";
    for (size_t i = 0; month.length == 3 && i < 12; i++)
        if (memcmp(month.text, names + i * 3, 3) == 0)
            return (struct slice){numbers + i * 2, 2};
    return month;
}

/* ---- In which order they are read ---- */

/* +hh, +hhmm, +hh:mm */
static bool read_offset(struct liquid_date_text *date, struct slice zone)
{
    static const char *const layouts[] = {"HH:MM", "HHMM", "HH"};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        struct slice rest = {zone.text + 1, zone.length - 1};
        struct liquid_date_text away = {0};
        if (!read_columns(layouts[i], &rest, &away) || rest.length > 0 || away.hour > 23 ||
            away.minute > 59)
            continue;
        date->has_offset = true;
        date->offset = (away.hour * 60 + away.minute) * (*zone.text == '-' ? -1 : 1);
        date->utc = *zone.text == '-' && date->offset == 0;
        return true;
    }
    return false;
}

/* False where it says nothing. */
static bool read_zone(struct liquid_date_text *date, struct slice zone)
{
    if (zone.length > 0 && (*zone.text == '+' || *zone.text == '-'))
        return read_offset(date, zone);
    for (size_t i = 0; i < ZONE_NAMES; i++)
        if (strlen(zones[i].name) == zone.length &&
            strncasecmp(zones[i].name, zone.text, zone.length) == 0) {
            date->has_offset = true;
            date->offset = zones[i].hours * 60;
            date->utc = zones[i].hours == 0;
            return true;
        }
    return false;
}

static int nanoseconds(struct slice fraction)
{
    int sum = 0;
    for (size_t i = 0; i < 9; i++)
        sum = sum * 10 + (i < fraction.length ? fraction.text[i] - '0' : 0);
    return sum;
}

static void read_time(char *text, struct liquid_date_text *date)
{
    struct slice parts[PARTS], all;
    if (!find(&clock_time, text, parts, &all))
        return;
    date->hour = number(parts[HOUR]);
    if (parts[MINUTE].text)
        date->minute = number(parts[MINUTE]);
    if (parts[SECOND].text)
        date->second = number(parts[SECOND]);
    date->nanosecond = nanoseconds(parts[FRACTION]);
    if (parts[HALF].text)
        date->hour = date->hour % 12 + (*parts[HALF].text == 'p' ? 12 : 0);
    if (parts[ZONE].text)
        read_zone(date, parts[ZONE]);
    blank(all);
}

/* A run of digits by the layout of its length, and the time behind it, unless there was one. */
static void read_run(struct liquid_date_text *date, const struct slice parts[PARTS])
{
    struct slice run = parts[RUN], time = parts[CLOCK];
    const char *layout = runs[run.length];
    if (!layout)
        return;
    read_columns(layout, &run, date);
    if (layout[0] == 'y' && layout[2] != 'y')
        set_year(date, (struct slice){parts[RUN].text, 2});
    if (layout[0] == 'y' && *parts[SIGN].text == '-')
        date->year = -date->year;
    if (!time.text || date->hour != LIQUID_DATE_TEXT_NONE || !clocks[time.length])
        return;
    read_columns(clocks[time.length], &time, date);
    if (parts[ZONE].text)
        read_zone(date, parts[ZONE]);
}

static void read_date(const char *text, struct liquid_date_text *date)
{
    struct slice parts[PARTS], all;
    size_t i = 0;
    while (i < DATES && !find(&dates[i], text, parts, &all))
        i++;
    if (i == DATES)
        return;
    if (parts[RUN].text) {
        read_run(date, parts);
        return;
    }
    if (parts[YEAR].text || parts[MONTH].text)
        set_date(date, parts[YEAR], month_number(parts[MONTH]), parts[DAY]);
    else
        date->day = number(parts[DAY]);
    if (parts[YEAR_DAY].text)
        date->year_day = number(parts[YEAR_DAY]);
}

/* hh:mm, perhaps with seconds, their fraction and a zone that is known. */
static bool read_machine_time(struct slice text, struct liquid_date_text *date)
{
    if (!read_columns("HH:MM", &text, date))
        return false;
    if (read_columns(":SS", &text, date) && text.length > 0 &&
        (*text.text == '.' || *text.text == ',')) {
        size_t count = 1;
        while (count < text.length && liquid_lex_digit(text.text[count]))
            count++;
        date->nanosecond = nanoseconds((struct slice){text.text + 1, count - 1});
        text = (struct slice){text.text + count, text.length - count};
    }
    if (text.length == 0)
        return true;
    size_t gap = *text.text == ' ';
    return read_zone(date, (struct slice){text.text + gap, text.length - gap});
}

/* yyyy-mm-dd, perhaps with a time, and nothing else. */
static bool read_machine(struct slice text, struct liquid_date_text *date)
{
    struct liquid_date_text read = *date;
    if (!read_columns("yyyy-mm-dd", &text, &read))
        return false;
    if (text.length > 0 &&
        ((*text.text != 'T' && *text.text != ' ') ||
         !read_machine_time((struct slice){text.text + 1, text.length - 1}, &read)))
        return false;
    *date = read;
    return true;
}

/* Small letters; runs of what takes no part become one blank. */
static void copy_text(char copy[TEXT_MOST + 1], const char *text, size_t length)
{
    char *to = copy;
    for (size_t i = 0; i < length; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
        bool plain = liquid_lex_digit(c) || (c >= 'a' && c <= 'z');
        if (plain || (c && strchr("-+',./:@[]", c)))
            *to++ = c;
        else if (to == copy || to[-1] != ' ')
            *to++ = ' ';
    }
    *to = '\0';
}

bool liquid_date_text_parse(const char *text, size_t length, struct liquid_date_text *date)
{
    enum { NONE = LIQUID_DATE_TEXT_NONE };
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct slice parts[PARTS], all;
    char copy[TEXT_MOST + 1];
    *date =
        (struct liquid_date_text){NONE, NONE, NONE, NONE, NONE, NONE, NONE, .has_offset = false};
    if (length > TEXT_MOST)
        return false;
    if (read_machine((struct slice){text, length}, date))
        return true;
    copy_text(copy, text, length);
    pthread_once(&once, compile_all);
    if (find(&weekday, copy, parts, &all))
        blank(all);
    read_time(copy, date);
    read_date(copy, date);
    return date->year != NONE || date->month != NONE || date->day != NONE ||
           date->year_day != NONE || date->hour != NONE;
}
