/*
 * A wait is a length of time, or a mapping: {for, or} and {until, on, past}. `until` is a time of
 * day where it reads as one, else an expression (read_until).
 */
#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "base/duration_guess.h"
#include "base/time_of_day.h"
#include "rules/rule_clock_read.h"
#include "rules/rule_events.h"
#include "rules/rule_expression.h"
#include "rules/rule_step_kinds.h"

struct wait {
    int64_t for_ms;
    struct value until, on, or_;
    int past;
};

static const char *const pasts[] = {"skip", NULL};

#define AT(field) .offset = offsetof(struct wait, field)

const struct setting rule_wait_settings[] = {
    {.key = "for",
     .type = SETTING_DURATION,
     AT(for_ms),
     .reload = SETTING_RELOAD,
     .help = "goes on after that time"},
    {.key = "or",
     .type = SETTING_VALUE,
     AT(or_),
     .reload = SETTING_RELOAD,
     .help = "beside `for`: goes on before, at such an event: a type, {on, if}, or a list of these",
     .shape = &rule_events_shape},
    {.key = "until",
     .type = SETTING_EXPRESSION,
     AT(until),
     .reload = SETTING_RELOAD,
     .help = "in place of `for`: the next such local time, `\"09:00\"`; anything else is an "
             "expression that gives a timestamp"},
    {.key = "on",
     .type = SETTING_VALUE,
     AT(on),
     .reload = SETTING_RELOAD,
     .help = "with a local time: only on that day of the week, or on these: `mon tue wed thu fri "
             "sat sun`",
     .shape = &rule_clock_weekdays_shape},
    {.key = "past",
     .type = SETTING_CHOICE,
     AT(past),
     .choices = pasts,
     .reload = SETTING_RELOAD,
     .help = "with an expression: if its time has passed, the step behind is passed over too"},
    {0},
};

#define UNTIL(text, form)                                                                        \
    {                                                                                            \
        .key = "until", .type = SETTING_EXPRESSION, .help = text, .shape = &(const struct shape) \
        {                                                                                        \
            .kind = SHAPE_TEXT, .pattern = form                                                  \
        }                                                                                        \
    }

static const struct setting of_day[] = {
    UNTIL("the next such local time", "^(?:[01]?[0-9]|2[0-3]):[0-5][0-9]$"), {0}};
static const struct setting of_moment[] = {
    UNTIL("an expression that gives a timestamp", "^(?![0-9]+:)"), {0}};

#define FORM(needed, others, rows)                                                      \
    &(const struct shape)                                                               \
    {                                                                                   \
        .kind = SHAPE_KEYS, .table = rule_wait_settings, .must = needed, .may = others, \
        .instead = rows                                                                 \
    }

const struct shape rule_step_wait_shape = {
    .kind = SHAPE_EITHER,
    .name = "wait",
    .present = true,
    .either = (const struct shape *const[]){
        &(const struct shape){.kind = SHAPE_AS, .as = SETTING_DURATION}, FORM("for", "or", NULL),
        FORM("until", "on", of_day), FORM("until", "past", of_moment), NULL}};

struct wait_reader {
    struct rule_step_reader *steps;
    const struct value *map;
    struct rule_step *step;
};

/* At a key of the mapping; at the mapping where that is not there. */
static struct diag *fault(const struct wait_reader *wait, const char *key, const char *text)
{
    const struct rule_reader *reader = wait->steps->reader;
    const struct value *value = value_get(wait->map, key);
    return settings_fault(reader->diags, reader->source, value ? value : wait->map, DIAG_ERROR,
                          "%s", text);
}

/* ---- `until` ---- */

static const char hint_time[] = "a time of day is written \"09:00\", in quotes";

/* "09:00", and what is meant as such. */
static bool reads_as_time(const struct value *text)
{
    uint32_t digits = 0;
    while (digits < text->length && isdigit((unsigned char)text->string[digits]))
        digits++;
    return digits > 0 && digits < text->length && text->string[digits] == ':';
}

/* What begins with a digit is meant as a time of day, or as a date. */
static void hint_number(struct diag *diag, const struct value *text)
{
    char time[TIME_OF_DAY_TEXT_SIZE];
    if (memchr(text->string, '-', text->length))
        diag_hint(diag, "a moment is an expression: 'timestamp(\"2026-11-27T09:00:00+02:00\")'");
    else if (time_of_day_guess(text, time))
        diag_hint(diag, "write \"%s\"", time);
    else
        diag_hint(diag, "%s", hint_time);
}

static void read_time(const struct wait_reader *wait, const struct wait *parts)
{
    const struct rule_reader *reader = wait->steps->reader;
    struct rule_clock *clock = &wait->step->wait_clock;
    int at = time_of_day_parse(parts->until.string, parts->until.length);
    wait->step->wait = RULE_WAIT_CLOCK;
    if (at < 0)
        hint_number(fault(wait, "until", "there is no such time of day"), &parts->until);
    *clock = (struct rule_clock){.every = RULE_CLOCK_DAY, .at = at, .text = ""};
    if (parts->past >= 0)
        diag_hint(fault(wait, "past", "a time of day is never past: the next one is meant"),
                  "`past` belongs to an `until` that is an expression");
    if (parts->on.kind == VALUE_NULL)
        return;
    clock->every = RULE_CLOCK_WEEK;
    if (value_is(&parts->on, VALUE_LIST) && value_count(&parts->on) == 0)
        diag_hint(fault(wait, "on", "the list names no day of the week"), "on: [mon, tue]");
    rule_clock_read_weekdays(reader, &parts->on, clock);
}

/* order.paid: a field, or what was meant as an event type. */
static bool is_dotted(const struct value *text)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    return strspn(text->string, name) == text->length && memchr(text->string, '.', text->length);
}

/* What can never be a timestamp. */
static void refuse_moment(const struct wait_reader *wait, const struct value *text)
{
    struct diag *diag = fault(wait, "until", "`until` must be a time: this is never a timestamp");
    if (text->length && isdigit((unsigned char)text->string[0]))
        hint_number(diag, text);
    else if (is_dotted(text))
        diag_hint(diag, "write timestamp(%s); an event is waited for by {for: 3d, or: %s}",
                  text->string, text->string);
    else if (cel_may_give(wait->step->wait_until, VALUE_STRING))
        diag_hint(diag, "write timestamp(%s)", text->string);
    else
        diag_hint(diag, "such as 'timestamp(booking.at) - duration(\"3d\")'");
}

static void read_moment(const struct wait_reader *wait, const struct wait *parts)
{
    struct rule_step_reader *steps = wait->steps;
    size_t errors = steps->reader->diags->errors;
    wait->step->wait = RULE_WAIT_UNTIL;
    wait->step->wait_until = rule_expression(steps->reader, &parts->until, steps->types);
    if (wait->step->wait_until && !cel_may_give(wait->step->wait_until, VALUE_TIMESTAMP))
        refuse_moment(wait, &parts->until);
    else if (steps->reader->diags->errors > errors && isdigit((unsigned char)*parts->until.string))
        hint_number(&steps->reader->diags->items[steps->reader->diags->count - 1], &parts->until);
    if (parts->on.kind != VALUE_NULL)
        diag_hint(fault(wait, "on", "`on` belongs to a time of day"),
                  "{until: \"09:00\", on: [mon, tue]}");
    wait->step->skips = parts->past >= 0;
    if (wait->step->skips)
        steps->skips = (int32_t)(steps->rule->step_count - 1);
}

static void read_until(const struct wait_reader *wait, const struct wait *parts)
{
    if (parts->or_.kind != VALUE_NULL)
        diag_hint(fault(wait, "or", "`or` belongs to a `for`"),
                  "{for: 3d, or: review.submitted}: goes on at the event, or after three days");
    if (reads_as_time(&parts->until))
        read_time(wait, parts);
    else
        read_moment(wait, parts);
}

/* ---- `for` ---- */

/* The events' data are the roots of what stands behind. */
static void add_types(struct rule_step_reader *steps, const char *const *types)
{
    uint32_t count = 0;
    for (const char *const *type = steps->types; *type; type++)
        count++;
    for (const char *const *type = types; *type; type++)
        count++;
    const char **all = arena_zero(steps->reader->arena, sizeof *all * (count + 1));
    count = 0;
    for (const char *const *type = steps->types; *type; type++)
        all[count++] = *type;
    for (const char *const *type = types; *type; type++)
        if (!rule_list_has(all, *type))
            all[count++] = *type;
    steps->types = all;
}

static void read_for(const struct wait_reader *wait, const struct wait *parts)
{
    struct rule_step_reader *steps = wait->steps;
    wait->step->wait_ms = parts->for_ms;
    if (parts->on.kind != VALUE_NULL)
        diag_hint(
            fault(wait, "on", "`on` belongs to a time of day"),
            "{until: \"09:00\", on: [mon, tue]}; the event that a wait goes on at is its `or`");
    if (parts->past >= 0)
        fault(wait, "past", "`past` belongs to an `until`");
    if (parts->or_.kind == VALUE_NULL)
        return;
    const struct rule_events events = rule_events_read(steps->reader, &parts->or_, "or");
    wait->step->or_ = events.types;
    wait->step->or_if = events.condition;
    add_types(steps, events.types);
}

/* ---- All of it ---- */

static void refuse_wait(const struct wait_reader *wait, const struct value *value)
{
    char time[DURATION_TEXT_SIZE], clock[TIME_OF_DAY_TEXT_SIZE];
    struct diag *diag = fault(wait, "", "`wait` must be a length of time such as 30m, 1h or 3d");
    if (value->kind == VALUE_INT)
        diag_hint(diag, "a unit is missing: ms, s, m, h, d or w");
    else if (value->kind == VALUE_STRING && duration_guess(value->string, value->length, time))
        diag_hint(diag, "write `%s`", time);
    else if (value->kind == VALUE_STRING && time_of_day_guess(value, clock))
        diag_hint(diag, "the next such time is {until: \"%s\"}", clock);
    else if (value->kind == VALUE_STRING && strpbrk(value->string, ".()"))
        diag_hint(diag, "a wait for a timestamp is {until: '…'}");
    else
        diag_hint(diag, "or {until: \"09:00\"}, {until: '…'}, {for: 3d, or: review.submitted}");
}

static bool says(const struct wait_reader *wait, const char *key)
{
    const struct value *value = value_get(wait->map, key);
    return value && value->kind != VALUE_NULL;
}

static void read_map(const struct wait_reader *wait)
{
    const struct rule_reader *reader = wait->steps->reader;
    struct wait parts = {.past = -1};
    bool has_for = says(wait, "for"), has_until = says(wait, "until");
    if (!settings_read(rule_wait_settings, wait->map, reader->source, &parts, reader->arena,
                       reader->diags))
        return;
    if (has_for && has_until)
        fault(wait, "until", "a wait has one of `for` and `until`");
    else if (has_until)
        read_until(wait, &parts);
    else if (has_for)
        read_for(wait, &parts);
    else
        diag_hint(fault(wait, "", "a wait has `for` or `until`, and here is neither"),
                  value_get(wait->map, "or")
                      ? "`for: 3d` beside `or` says how long it waits for the event"
                      : "{until: \"09:00\"}, {until: '…'}, {for: 3d, or: review.submitted}");
}

void rule_step_wait_read(struct rule_step_reader *steps, const struct value *step_value,
                         const struct value *value)
{
    struct rule_step *step = rule_step_reader_add(steps, RULE_STEP_WAIT, value);
    const struct wait_reader wait = {.steps = steps, .map = value, .step = step};
    steps->rule->waits = true;
    if (value->kind == VALUE_MAP)
        read_map(&wait);
    else if (value->kind != VALUE_STRING ||
             !duration_parse(value->string, value->length, &step->wait_ms))
        refuse_wait(&wait, value);
    step->id = rule_step_reader_id(steps, value_get(step_value, "id"), "wait", value);
}

void rule_step_wait_check(const struct rule_step_reader *steps, const struct value *condition,
                          uint32_t from, uint32_t behind)
{
    const struct rule_reader *reader = steps->reader;
    for (uint32_t i = from; i + 1 < behind; i++) {
        const struct rule_step *wait = &steps->rule->steps[i];
        if (!wait->or_ || !wait->or_[0] || rule_expression_fits(reader, condition, wait->or_))
            continue;
        diag_hint(settings_fault(reader->diags, reader->source, condition, DIAG_WARNING,
                                 "behind the `wait` of line %" PRIu32
                                 " this may be asked again, of the event that came",
                                 wait->line),
                  "what began the journey is in `start`, whatever came since: start.order.total");
        return;
    }
}

void rule_step_wait_skip(struct rule_step_reader *steps, int32_t skips)
{
    if (skips >= 0)
        steps->rule->steps[skips].target = steps->rule->step_count;
}

void rule_step_wait_skip_none(struct rule_step_reader *steps, const struct value *list)
{
    const struct rule_reader *reader = steps->reader;
    if (steps->skips >= 0)
        diag_hint(settings_fault(reader->diags, reader->source,
                                 &list->list->items[value_count(list) - 1], DIAG_ERROR,
                                 "`past: skip` passes over the step behind it, and there is none"),
                  "put what is to be skipped behind it, several steps into an `if`");
    steps->skips = -1;
}
