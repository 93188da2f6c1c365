/*
 * One reader for each type, in the order of `enum setting_type`; the table of them is at the end.
 * All go the same way: is it the right kind of value, does its text read, is it within the range;
 * only then is the field written. The three faults that this may find come first.
 */
#include "base/settings_fields.h"

#include <stdio.h>
#include <string.h>

#include "base/duration_guess.h"
#include "base/json.h"
#include "base/size.h"
#include "base/time_of_day.h"
#include "base/utf8.h"

enum { QUOTED_MOST = 40 };

static const char hint_rate[] = "so many, and within which time: `1 per 7d`";
static const char hint_units[] = "units are ms, s, m, h, d and w";

bool settings_fields_wrong_type(struct settings_reading *in, const struct setting *setting,
                                const struct value *value, const char *wanted, const char *hint)
{
    const char *found = value->kind == VALUE_DOUBLE && setting->type == SETTING_INT
                            ? "a fraction"
                            : value_kind_name(value->kind);
    struct diag *diag = settings_fault(in->diags, in->source, value, DIAG_ERROR,
                                       "`%s` must be %s, not %s", setting->key, wanted, found);
    diag_code(diag, "wrong-type");
    if (hint)
        diag_hint(diag, "%s", hint);
    return false;
}

/* "1/day", "3 per 2 weeks", "daily": as it must be written. */
static bool guess_rate(const char *text, size_t length, char rate[2 * DURATION_TEXT_SIZE])
{
    static const char *const betweens[] = {"per ", "/", "a ", "in ", "every ", ""};
    char time[DURATION_TEXT_SIZE];
    size_t digits = strspn(text, "0123456789"), at = digits + strspn(text + digits, " ");
    if (digits && digits == strspn(text, "0"))
        return false;
    for (size_t i = 0; i < sizeof betweens / sizeof *betweens; i++) {
        size_t between = strlen(betweens[i]);
        if (strncmp(text + at, betweens[i], between) != 0 || (!between && digits) ||
            !duration_guess(text + at + between, length - at - between, time))
            continue;
        snprintf(rate, 2 * DURATION_TEXT_SIZE, "%.*s per %s", digits ? (int)digits : 1,
                 digits ? text : "1", time);
        return strcmp(rate, text) != 0;
    }
    return false;
}

/* The nearest of the words that there are, or the length of time that is meant. */
static void hint_text(struct settings_reading *in, const struct setting *setting,
                      const struct value *value, struct diag *diag)
{
    char time[DURATION_TEXT_SIZE], clock[TIME_OF_DAY_TEXT_SIZE], rate[2 * DURATION_TEXT_SIZE];
    const char *text = arena_copy(in->arena, value->string, value->length);
    if (setting->choices)
        diag_suggest(diag, text, setting->choices);
    else if (setting->type == SETTING_DURATION && duration_guess(text, value->length, time))
        diag_hint(diag, "write `%s`", time);
    else if (setting->type == SETTING_DURATION)
        diag_hint(diag, "%s", hint_units);
    else if (setting->type == SETTING_RATE && guess_rate(text, value->length, rate))
        diag_hint(diag, "write `%s`", rate);
    else if (setting->type == SETTING_RATE)
        diag_hint(diag, "%s", hint_rate);
    else if (setting->type == SETTING_CLOCK && time_of_day_guess(value, clock))
        diag_hint(diag, "write \"%s\"", clock);
}

/* A string of the right kind that says nothing we know. */
static bool bad_text(struct settings_reading *in, const struct setting *setting,
                     const struct value *value, const char *wanted)
{
    size_t length = value->length;
    if (length > QUOTED_MOST)
        length = utf8_floor(value->string, QUOTED_MOST);
    struct diag *diag = settings_fault(
        in->diags, in->source, value, DIAG_ERROR, "`%s` must be %s, not `%.*s%s`", setting->key,
        wanted, (int)length, value->string, length < value->length ? "…" : "");
    diag_code(diag, "bad-value");
    hint_text(in, setting, value, diag);
    return false;
}

static bool in_range(struct settings_reading *in, const struct setting *setting,
                     const struct value *value, int64_t number)
{
    if ((setting->least == 0 && setting->most == 0) ||
        (number >= setting->least && number <= setting->most))
        return true;
    char range[SETTING_RANGE_SIZE];
    struct diag *diag = settings_fault(in->diags, in->source, value, DIAG_ERROR, "`%s` must be %s",
                                       setting->key, setting_range(setting, range));
    diag_code(diag, "out-of-range");
    return false;
}

static bool read_text(struct settings_reading *in, const struct setting *setting,
                      const struct value *value, void *field)
{
    if (value->kind != VALUE_STRING)
        return settings_fields_wrong_type(in, setting, value, "a string",
                                          value->flags & VALUE_PLAIN ? "write it in quotes" : NULL);
    if (memchr(value->string, '\0', value->length)) {
        diag_code(settings_fault(in->diags, in->source, value, DIAG_ERROR,
                                 "`%s` must not hold a NUL character", setting->key),
                  "bad-value");
        return false;
    }
    *(const char **)field = value_to_text(in->arena, value);
    return true;
}

/* Words that YAML 1.1 took for one of the two. */
static const char *yes_or_no(const struct value *value)
{
    static const char *const words[] = {"yes", "on",  "True",  "TRUE",  "true",
                                        "no",  "off", "False", "FALSE", "false"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (value_is_text(value, words[i]))
            return i < 5 ? "write `true`" : "write `false`";
    return value->kind != VALUE_INT ? NULL
           : value->integer == 1    ? "write `true`"
           : value->integer == 0    ? "write `false`"
                                    : NULL;
}

static bool read_bool(struct settings_reading *in, const struct setting *setting,
                      const struct value *value, void *field)
{
    if (value->kind != VALUE_BOOL)
        return settings_fields_wrong_type(in, setting, value, "true or false", yes_or_no(value));
    *(bool *)field = value->boolean;
    return true;
}

static bool read_int(struct settings_reading *in, const struct setting *setting,
                     const struct value *value, void *field)
{
    int64_t number;
    if (!value_to_int(value, &number))
        return settings_fields_wrong_type(in, setting, value, "an integer",
                                          value->kind == VALUE_STRING && value->length &&
                                                  strspn(value->string, "0123456789") ==
                                                      value->length
                                              ? "write it without quotes"
                                              : NULL);
    if (!in_range(in, setting, value, number))
        return false;
    *(int64_t *)field = number;
    return true;
}

static bool read_duration(struct settings_reading *in, const struct setting *setting,
                          const struct value *value, void *field)
{
    static const char wanted[] = "a length of time such as 30s or 1h30m";
    int64_t ms;
    if (value->kind != VALUE_STRING)
        return settings_fields_wrong_type(in, setting, value, wanted, hint_units);
    if (!duration_parse(value->string, value->length, &ms))
        return bad_text(in, setting, value, wanted);
    if (!in_range(in, setting, value, ms))
        return false;
    *(int64_t *)field = ms;
    return true;
}

static bool read_size(struct settings_reading *in, const struct setting *setting,
                      const struct value *value, void *field)
{
    static const char wanted[] = "a size such as 64KiB or 1MB";
    int64_t bytes;
    if (value->kind == VALUE_STRING) {
        if (!size_parse(value->string, value->length, &bytes))
            return bad_text(in, setting, value, wanted);
    } else if (!value_to_int(value, &bytes)) {
        return settings_fields_wrong_type(in, setting, value, wanted, NULL);
    }
    if (!in_range(in, setting, value, bytes))
        return false;
    *(int64_t *)field = bytes;
    return true;
}

static bool read_choice(struct settings_reading *in, const struct setting *setting,
                        const struct value *value, void *field)
{
    struct buf wanted;
    buf_init(&wanted, 400);
    for (int i = 0; setting->choices[i]; i++) {
        if (value_is_text(value, setting->choices[i])) {
            *(int *)field = i;
            buf_free(&wanted);
            return true;
        }
        buf_printf(&wanted, "%s`%s`", i ? ", " : "one of ", setting->choices[i]);
    }
    if (value->kind == VALUE_STRING)
        bad_text(in, setting, value, buf_string(&wanted));
    else
        settings_fields_wrong_type(in, setting, value, buf_string(&wanted), NULL);
    buf_free(&wanted);
    return false;
}

/* "3 per 7d": both above 0. */
static bool parse_rate(const char *text, size_t length, struct setting_rate *rate)
{
    static const char per[] = " per ";
    int64_t count = 0;
    size_t at = 0;
    for (; at < length && text[at] >= '0' && text[at] <= '9'; at++)
        if (__builtin_mul_overflow(count, 10, &count) ||
            __builtin_add_overflow(count, text[at] - '0', &count))
            return false;
    if (length - at < sizeof per - 1 || memcmp(text + at, per, sizeof per - 1) != 0)
        return false;
    at += sizeof per - 1;
    rate->count = count;
    return count > 0 && duration_parse(text + at, length - at, &rate->per_ms) && rate->per_ms > 0;
}

static bool read_rate(struct settings_reading *in, const struct setting *setting,
                      const struct value *value, void *field)
{
    static const char wanted[] = "a rate such as 3 per 7d";
    struct setting_rate rate;
    if (value->kind != VALUE_STRING)
        return settings_fields_wrong_type(in, setting, value, wanted, hint_rate);
    if (!parse_rate(value->string, value->length, &rate))
        return bad_text(in, setting, value, wanted);
    if (!in_range(in, setting, value, rate.count))
        return false;
    *(struct setting_rate *)field = rate;
    return true;
}

static bool read_clock(struct settings_reading *in, const struct setting *setting,
                       const struct value *value, void *field)
{
    static const char wanted[] = "a time of day such as 09:00";
    char clock[TIME_OF_DAY_TEXT_SIZE];
    if (value->kind != VALUE_STRING)
        return settings_fields_wrong_type(in, setting, value, wanted,
                                          time_of_day_guess(value, clock)
                                              ? arena_printf(in->arena, "write \"%s\"", clock)
                                              : NULL);
    int minutes = time_of_day_parse(value->string, value->length);
    if (minutes < 0)
        return bad_text(in, setting, value, wanted);
    if (!in_range(in, setting, value, minutes))
        return false;
    *(int *)field = minutes;
    return true;
}

static bool read_texts(struct settings_reading *in, const struct setting *setting,
                       const struct value *value, void *field)
{
    struct value list = *value;
    if (value->kind == VALUE_STRING) {
        list = value_new_list(in->arena, 1);
        value_push(in->arena, list, *value);
    } else if (value->kind != VALUE_LIST) {
        return settings_fields_wrong_type(in, setting, value, "a list of strings", NULL);
    }
    for (uint32_t i = 0; i < list.list->count; i++) {
        const struct value *item = &list.list->items[i];
        if (item->kind == VALUE_STRING)
            continue;
        struct diag *diag = settings_fault(in->diags, in->source, item, DIAG_ERROR,
                                           "each item of `%s` must be a string, not %s",
                                           setting->key, value_kind_name(item->kind));
        diag_code(diag, "wrong-type");
        if (item->flags & VALUE_PLAIN)
            diag_hint(diag, "write it in quotes");
        return false;
    }
    *(struct value *)field = list;
    return true;
}

/* `true` and numbers become the text that they were written as, as far as it is known. */
static bool read_expression(struct settings_reading *in, const struct setting *setting,
                            const struct value *value, void *field)
{
    struct value *expression = field;
    if (value->kind == VALUE_LIST)
        return settings_fields_wrong_type(in, setting, value, "an expression",
                                          "conditions are joined by `&&` or `||`: a > 1 && b");
    if (value->kind == VALUE_MAP)
        return settings_fields_wrong_type(in, setting, value, "an expression",
                                          "write the expression after `|` or in quotes");
    *expression = *value;
    if (value->kind == VALUE_STRING)
        return true;
    struct buf text;
    buf_init(&text, 64);
    json_print(&text, value);
    expression->kind = VALUE_STRING;
    expression->string = arena_copy(in->arena, buf_string(&text), text.length);
    expression->length = (uint32_t)text.length;
    expression->flags = value->flags & (VALUE_PLACED | VALUE_PLAIN);
    buf_free(&text);
    return true;
}

static bool read_value(struct settings_reading *in, const struct setting *setting,
                       const struct value *value, void *field)
{
    (void)in;
    (void)setting;
    *(struct value *)field = *value;
    return true;
}

/* Reads `value`, which is not null, into the field; false after a fault was added. */
typedef bool reader(struct settings_reading *in, const struct setting *setting,
                    const struct value *value, void *field);

static reader *const readers[] = {
    [SETTING_TEXT] = read_text,   [SETTING_BOOL] = read_bool,
    [SETTING_INT] = read_int,     [SETTING_DURATION] = read_duration,
    [SETTING_SIZE] = read_size,   [SETTING_CHOICE] = read_choice,
    [SETTING_RATE] = read_rate,   [SETTING_CLOCK] = read_clock,
    [SETTING_TEXTS] = read_texts, [SETTING_EXPRESSION] = read_expression,
    [SETTING_VALUE] = read_value,
};

bool settings_fields_read(struct settings_reading *in, const struct setting *setting,
                          const struct value *value, void *field)
{
    return readers[setting->type](in, setting, value, field);
}

void settings_fields_clear(struct settings_reading *in, const struct setting *setting, void *field)
{
    switch (setting->type) {
    case SETTING_TEXT:
        *(const char **)field = NULL;
        break;
    case SETTING_BOOL:
        *(bool *)field = false;
        break;
    case SETTING_INT:
    case SETTING_DURATION:
    case SETTING_SIZE:
        *(int64_t *)field = 0;
        break;
    case SETTING_CHOICE:
    case SETTING_CLOCK:
        *(int *)field = -1;
        break;
    case SETTING_RATE:
        *(struct setting_rate *)field = (struct setting_rate){0};
        break;
    case SETTING_TEXTS:
        *(struct value *)field = value_new_list(in->arena, 0);
        break;
    case SETTING_EXPRESSION:
    case SETTING_VALUE:
        *(struct value *)field = value_null();
        break;
    case SETTING_SECTION:
        break;
    }
}
