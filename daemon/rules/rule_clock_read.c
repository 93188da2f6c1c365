/*
 * rule_clock_read, at the end, reads the keys by their table, then what a table cannot say: the
 * days of a week or a month, the moment of `once`, and what one key demands of another
 * (check_keys). text_of spells the clock in one way, however it was written.
 */
#include "rules/rule_clock_read.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/zone_civil.h"

enum {
    HOUR_MS = 60 * 60 * 1000,
    SPREAD_MOST_MS = 12 * HOUR_MS, /* the shortest day has 23 hours */
    LATEST_MS = 12 * HOUR_MS,      /* by so much the last zone of all is behind UTC */
    DAYS_OF_ALL = 29,              /* every month but one in four years has so many */
};

const char *const rule_clock_types[] = {NULL};

static const char *const everys[] = {"hour", "day", "week", "month", NULL};
static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};

/* ---- The table, and what one key demands of another ---- */

static const struct shape weekday_shape = {.kind = SHAPE_CHOICE, .words = weekdays};

const struct shape rule_clock_weekdays_shape = {
    .kind = SHAPE_EITHER,
    .name = "weekdays",
    .either = (const struct shape *const[]){
        &weekday_shape, &(const struct shape){.kind = SHAPE_LIST, .of = &weekday_shape, .least = 1},
        NULL}};

struct clock_text {
    int every, at;
    struct value on;
    const char *once;
    int64_t spread_ms;
};

#define AT(field) .offset = offsetof(struct clock_text, field)

const struct setting rule_clock_settings[] = {
    {.key = "every",
     .type = SETTING_CHOICE,
     AT(every),
     .choices = everys,
     .reload = SETTING_RELOAD,
     .help = "how often; `hour` is each full hour of UTC, the others go by the customer's zone"},
    {.key = "at",
     .type = SETTING_CLOCK,
     AT(at),
     .reload = SETTING_RELOAD,
     .help = "the local time; required of all but `hour`"},
    {.key = "on",
     .type = SETTING_VALUE,
     AT(on),
     .reload = SETTING_RELOAD,
     .help = "of a `week`: the day, or a list of `mon tue wed thu fri sat sun`; of a `month`: 1 to "
             "31 (months without that day are skipped), or `last`"},
    {.key = "once",
     .type = SETTING_TEXT,
     AT(once),
     .reload = SETTING_RELOAD,
     .help = "in place of `every`: that local time, `2026-11-27T09:00`",
     .shape = &(const struct shape){.kind = SHAPE_TEXT,
                                    .pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"}},
    {.key = "spread",
     .type = SETTING_DURATION,
     AT(spread_ms),
     .fallback = "1h",
     .most = SPREAD_MOST_MS,
     .reload = SETTING_RELOAD,
     .help = "over how long the customers are asked, each at a place of their own that is the same "
             "for all rules; with `hour` at most 1h"},
    {0},
};

/* What `on` is goes by `every`. */
#define EVERY(word)                                                                 \
    {                                                                               \
        .key = "every", .type = SETTING_TEXT, .help = "how often",                  \
        .shape = &(const struct shape){.kind = SHAPE_CHOICE,                        \
                                       .words = (const char *const[]){word, NULL}}, \
    }
#define ON(text, of)                                                  \
    {                                                                 \
        .key = "on", .type = SETTING_VALUE, .help = text, .shape = of \
    }

static const struct shape month_day_shape = {
    .kind = SHAPE_EITHER,
    .either = (const struct shape *const[]){
        &(const struct shape){.kind = SHAPE_CHOICE, .words = (const char *const[]){"last", NULL}},
        &(const struct shape){.kind = SHAPE_NUMBER, .least = 1, .most = 31, .whole = true}, NULL}};

static const struct setting in_hour[] = {EVERY("hour"), {0}};
static const struct setting in_day[] = {EVERY("day"), {0}};
static const struct setting in_week[] = {
    EVERY("week"), ON("the day of the week, or a list", &rule_clock_weekdays_shape), {0}};
static const struct setting in_month[] = {
    EVERY("month"), ON("the day of the month, or `last`", &month_day_shape), {0}};

#define FORM(rows, needed, others)                                                       \
    &(const struct shape)                                                                \
    {                                                                                    \
        .kind = SHAPE_KEYS, .table = rule_clock_settings, .must = needed, .may = others, \
        .instead = rows                                                                  \
    }

const struct shape rule_clock_shape = {
    .kind = SHAPE_EITHER,
    .name = "clock",
    .either = (const struct shape *const[]){
        FORM(in_hour, "every", "spread"), FORM(in_day, "every at", "spread"),
        FORM(in_week, "every at on", "spread"), FORM(in_month, "every at on", "spread"),
        FORM(NULL, "once", "spread"), NULL}};

struct clock_reader {
    const struct rule_reader *reader;
    const struct value *map;
    struct rule_clock *clock;
};

static struct diag *fault(const struct clock_reader *clock, const char *key, const char *text)
{
    const struct value *value = value_get(clock->map, key);
    return settings_fault(clock->reader->diags, clock->reader->source, value ? value : clock->map,
                          DIAG_ERROR, "%s", text);
}

/* ---- `on` of a week and of a month ---- */

static bool add_weekday(const struct rule_reader *reader, const struct value *value,
                        struct rule_clock *clock)
{
    const char *word = value_to_text(reader->arena, value);
    for (unsigned day = 0; word && weekdays[day]; day++)
        if (strcmp(word, weekdays[day]) == 0) {
            clock->weekdays |= 1U << day;
            return true;
        }
    struct diag *diag = settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                                       "a day of the week is one of mon, tue, wed, thu, fri, sat, "
                                       "sun");
    if (word && (strncasecmp(word, "weekday", 7) == 0 || strncasecmp(word, "workday", 7) == 0))
        diag_hint(diag, "write [mon, tue, wed, thu, fri]");
    for (unsigned day = 0; word && weekdays[day]; day++)
        if (strncasecmp(word, weekdays[day], 3) == 0)
            diag_hint(diag, "did you mean `%s`?", weekdays[day]);
    if (word && !diag->hint[0])
        diag_suggest(diag, word, weekdays);
    return false;
}

void rule_clock_read_weekdays(const struct rule_reader *reader, const struct value *value,
                              struct rule_clock *clock)
{
    if (!value_is(value, VALUE_LIST))
        add_weekday(reader, value, clock);
    for (uint32_t i = 0; value_is(value, VALUE_LIST) && i < value_count(value); i++)
        add_weekday(reader, &value->list->items[i], clock);
}

static void read_week(const struct clock_reader *clock, const struct value *on)
{
    bool missing = on->kind == VALUE_NULL || (value_is(on, VALUE_LIST) && value_count(on) == 0);
    if (missing)
        diag_hint(fault(clock, "on", "the days of the week are missing"),
                  "write `on: [mon, thu]` beside `every: week`");
    else
        rule_clock_read_weekdays(clock->reader, on, clock->clock);
}

static void read_month(const struct clock_reader *clock, const struct value *on)
{
    int64_t day = 0;
    if (value_is(on, VALUE_STRING) && strcmp(on->string, "last") == 0) {
        clock->clock->month_day = RULE_CLOCK_LAST_DAY;
        return;
    }
    if (on->kind == VALUE_NULL)
        diag_hint(fault(clock, "on", "the day of the month is missing"),
                  "write `on: 1` or `on: last` beside `every: month`");
    else if (!value_to_int(on, &day) || day < 1 || day > 31)
        diag_hint(fault(clock, "on", "the day of a month is 1 to 31, or `last`"),
                  "write `on: 1` or `on: last`");
    else if (day >= DAYS_OF_ALL)
        diag_hint(settings_fault(clock->reader->diags, clock->reader->source,
                                 value_get(clock->map, "on"), DIAG_WARNING,
                                 "some months have no day %d, and are passed over", (int)day),
                  "`on: last` is the last day of each");
    clock->clock->month_day = (int)day;
}

/* ---- `once` ---- */

static bool parse_once(const char *text, struct rule_clock *clock)
{
    int year, month, day, hour, minute, end = 0;
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d%n", &year, &month, &day, &hour, &minute, &end) != 5 ||
        end != 16 || text[end] || month < 1 || month > 12 || day < 1 ||
        day > zone_civil_month_days(year, month) || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || year < 1970)
        return false;
    clock->day = zone_civil_days(year, month, day);
    clock->at = hour * 60 + minute;
    return true;
}

/* "2026-11-27 9:00", "2026-11-27T09:00:00Z" and "2026-11-27" as they are written. */
static void refuse_once(const struct clock_reader *clock, const char *text)
{
    int year, month, day, hour = 9, minute = 0;
    struct diag *diag =
        fault(clock, "once", "`once` must be a local time such as 2026-11-27T09:00");
    if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d", &year, &month, &day, &hour, &minute) >= 3 &&
        month > 0 && month < 13 && day > 0 && day < 32 && hour >= 0 && hour < 24 && minute >= 0 &&
        minute < 60)
        diag_hint(diag, "write %04d-%02d-%02dT%02d:%02d: that time of each customer's own zone",
                  year, month, day, hour, minute);
    else
        diag_hint(diag, "it is asked at that time of each customer's own zone");
}

static void read_once(const struct clock_reader *clock, const char *text)
{
    const struct rule_reader *reader = clock->reader;
    int64_t past_ms;
    if (!parse_once(text, clock->clock)) {
        refuse_once(clock, text);
        return;
    }
    past_ms = clock->clock->day * 24 * HOUR_MS + (int64_t)clock->clock->at * 60 * 1000 + LATEST_MS;
    if (past_ms <= reader->now_ms)
        diag_hint(settings_fault(reader->diags, reader->source, value_get(clock->map, "once"),
                                 DIAG_WARNING, "`once` is in the past: nobody will be asked"),
                  "a rule that ran may stay, for its journeys that wait");
}

/* ---- All of it ---- */

/* What one key demands of another. */
static void check_keys(const struct clock_reader *clock, const struct clock_text *text)
{
    bool once = text->once != NULL, every = text->every >= 0;
    bool hour = every && clock->clock->every == RULE_CLOCK_HOUR;
    if (once == every)
        fault(clock, once ? "once" : "", "a clock has one of `every` and `once`");
    if (once && (text->at >= 0 || text->on.kind != VALUE_NULL))
        fault(clock, text->at >= 0 ? "at" : "on", "`once` says day and time by itself");
    if (!once && hour && text->at >= 0)
        diag_hint(fault(clock, "at", "an `hour` has no `at`: it is each full hour of UTC"),
                  "`spread` says over how long the customers are asked");
    if (!once && every && !hour && text->at < 0)
        diag_hint(fault(clock, "", "`at` is missing"), "write `at: \"09:00\"`");
    if (hour && text->spread_ms > HOUR_MS)
        fault(clock, "spread", "the `spread` of an hour is at most 1h");
}

static void read_on(const struct clock_reader *clock, const struct value *on)
{
    if (clock->clock->every == RULE_CLOCK_WEEK)
        read_week(clock, on);
    else if (clock->clock->every == RULE_CLOCK_MONTH)
        read_month(clock, on);
    else if (on->kind != VALUE_NULL)
        diag_hint(fault(clock, "on", "`on` belongs to a `week` or a `month`"),
                  "`every: week` with `on: [mon, tue]`, or `every: month` with `on: 1`");
}

/* One way of writing for what is the same clock, as a rule is known by it in Redis. */
static const char *text_of(struct arena *arena, const struct rule_clock *clock)
{
    const struct zone_civil date = zone_civil_date(clock->day);
    const char *at = arena_printf(arena, "%02d:%02d", clock->at / 60, clock->at % 60);
    const char *days = "";
    switch (clock->every) {
    case RULE_CLOCK_ONCE:
        return arena_printf(arena, "once %04d-%02d-%02dT%s", (int)date.year, date.month, date.day,
                            at);
    case RULE_CLOCK_HOUR:
        return "hour";
    case RULE_CLOCK_DAY:
        return arena_printf(arena, "day %s", at);
    case RULE_CLOCK_MONTH:
        return clock->month_day == RULE_CLOCK_LAST_DAY
                   ? arena_printf(arena, "month %s last", at)
                   : arena_printf(arena, "month %s %d", at, clock->month_day);
    case RULE_CLOCK_WEEK:
        break;
    }
    for (unsigned day = 0; weekdays[day]; day++)
        if (clock->weekdays >> day & 1)
            days = arena_printf(arena, "%s%s%s", days, *days ? "," : "", weekdays[day]);
    return arena_printf(arena, "week %s %s", at, days);
}

/* `on: {event: order.placed}`: a mapping of which nothing is of a clock. */
static bool refuse_event(const struct rule_reader *reader, const struct value *value)
{
    for (const struct setting *row = rule_clock_settings; row->key; row++)
        if (value_get(value, row->key) ||
            settings_meant(rule_clock_settings, value, row->key, reader->arena))
            return false;
    diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                             "a mapping here is a clock: {every, at, on} or {once}"),
              "an event type stands alone: `on: order.placed`, its condition in `if` beside it");
    return true;
}

const struct rule_clock *rule_clock_read(const struct rule_reader *reader,
                                         const struct value *value)
{
    struct clock_text text = {0};
    size_t errors = reader->diags->errors;
    if (refuse_event(reader, value))
        return NULL;
    struct rule_clock *clock = arena_zero(reader->arena, sizeof *clock);
    const struct clock_reader within = {.reader = reader, .map = value, .clock = clock};
    if (!settings_read(rule_clock_settings, value, reader->source, &text, reader->arena,
                       reader->diags))
        return NULL;
    clock->every =
        text.every < 0 ? RULE_CLOCK_ONCE : (enum rule_clock_every)(RULE_CLOCK_HOUR + text.every);
    clock->at = text.at < 0 ? 0 : text.at;
    clock->spread_ms = text.spread_ms;
    check_keys(&within, &text);
    if (text.once)
        read_once(&within, text.once);
    else
        read_on(&within, &text.on);
    clock->text = text_of(reader->arena, clock);
    return reader->diags->errors == errors ? clock : NULL;
}
