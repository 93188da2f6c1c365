/*
 * Values as text. There are three: as {{ }} prints them (liquid_text_print: a list is its items,
 * one after the other), as filters take them (liquid_text_of: a list is spelled out) and, in
 * escape mode, with the knowledge whether they are markup (liquid_text_markup). append_value()
 * spells a value out as Ruby inspects it, which is what the reference implementation shows of
 * lists and maps within others.
 *
 * Markup that a filter or condition wants as text is turned back by liquid_text_plain().
 */
#include "liquid/liquid_text.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "liquid/liquid_escape.h"
#include "liquid/liquid_number.h"
#include "liquid/liquid_value.h"

static void append_double(struct buf *out, const struct value *value)
{
    char text[LIQUID_NUMBER_TEXT_SIZE];
    if (liquid_number_is_spelled(value))
        buf_add(out, value->text, value->length);
    else
        buf_add(out, text, liquid_number_print(value->real, text));
}

static void append_extension(struct buf *out, const struct value *value)
{
    static const char *const names[] = {
        [LIQUID_EXTENSION_LOOP - LIQUID_EXTENSION_RANGE] = "Liquid::ForloopDrop",
        [LIQUID_EXTENSION_TABLE - LIQUID_EXTENSION_RANGE] = "Liquid::TablerowloopDrop",
        [LIQUID_EXTENSION_SELF - LIQUID_EXTENSION_RANGE] = "Liquid::SelfDrop",
    };
    if (liquid_is(value, LIQUID_EXTENSION_RANGE)) {
        const struct liquid_range *range = value->other;
        buf_printf(out, "%lld..%lld", (long long)range->from, (long long)range->to);
    } else if (value->length > LIQUID_EXTENSION_RANGE && value->length <= LIQUID_EXTENSION_SELF) {
        buf_text(out, names[value->length - LIQUID_EXTENSION_RANGE]);
    }
}

/* What is neither string, list nor map. */
static void append_scalar(struct buf *out, const struct value *value)
{
    char text[DECIMAL_TEXT_SIZE];
    switch ((enum value_kind)value->kind) {
    case VALUE_BOOL:
        buf_text(out, value->boolean ? "true" : "false");
        break;
    case VALUE_INT:
        buf_add(out, text, decimal_print_int(value->integer, text));
        break;
    case VALUE_UINT:
        buf_add(out, text, decimal_print_natural(value->natural, text));
        break;
    case VALUE_DOUBLE:
        append_double(out, value);
        break;
    case VALUE_TIMESTAMP: {
        char time[CLOCK_TEXT_SIZE];
        buf_text(out, clock_format(value->integer * 1000 + value->length / 1000000, time));
        break;
    }
    case VALUE_DURATION:
        buf_add(out, text, decimal_print_int(value->integer, text));
        break;
    case VALUE_EXTENSION:
        append_extension(out, value);
        break;
    default:
        break;
    }
}

/* A string as it stands inside a list: in quotes, control characters escaped. */
static void inspect_string(struct buf *out, const char *text, size_t length)
{
    static const char letters[] = "abtnvfr";
    buf_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool interpolation = c == '#' && i + 1 < length && memchr("{$@", text[i + 1], 3);
        if (c >= '\a' && c <= '\r')
            buf_printf(out, "\\%c", letters[c - '\a']);
        else if (c == 0x1b)
            buf_text(out, "\\e");
        else if (c == '"' || c == '\\' || interpolation)
            buf_printf(out, "\\%c", c);
        else if (c < ' ')
            buf_printf(out, "\\u%04X", c);
        else if (c == 0x7f)
            buf_text(out, "\\x7F");
        else
            buf_char(out, text[i]);
    }
    buf_char(out, '"');
}

static void append_value(struct buf *out, const struct value *value);

static void inspect(struct buf *out, const struct value *value)
{
    if (value->kind == VALUE_NULL)
        buf_text(out, "nil");
    else if (value->kind == VALUE_STRING)
        inspect_string(out, value->string, value->length);
    else
        append_value(out, value);
}

/* Lists nest as deep as the data does, which its reader has bounded. */
static void append_value(struct buf *out, const struct value *value)
{
    if (value->kind == VALUE_STRING || value->kind == VALUE_BYTES) {
        buf_add(out, value->string, value->length);
    } else if (value->kind == VALUE_LIST) {
        buf_char(out, '[');
        for (uint32_t i = 0; i < value->list->count && !out->full; i++) {
            buf_add(out, ", ", i ? 2 : 0);
            inspect(out, &value->list->items[i]);
        }
        buf_char(out, ']');
    } else if (value->kind == VALUE_MAP) {
        buf_char(out, '{');
        for (uint32_t i = 0; i < value->map->count && !out->full; i++) {
            buf_add(out, ", ", i ? 2 : 0);
            inspect(out, &value->map->members[i].key);
            buf_add(out, "=>", 2);
            inspect(out, &value->map->members[i].value);
        }
        buf_char(out, '}');
    } else {
        append_scalar(out, value);
    }
}

bool liquid_text_plain(struct liquid_run *run, struct value *value)
{
    if (value->kind != VALUE_STRING || !(value->flags & LIQUID_SAFE))
        return true;
    value->flags &= (uint8_t)~LIQUID_SAFE;
    if (!memchr(value->string, '&', value->length) || memchr(value->string, '<', value->length))
        return true;
    char *text = liquid_run_room(run, value->length);
    if (!text)
        return false;
    *value = value_string(text, liquid_escape_undo(text, value->string, value->length));
    return true;
}

static bool to_scratch(struct liquid_run *run, const struct value *value)
{
    buf_clear(&run->scratch);
    append_value(&run->scratch, value);
    return !run->scratch.full ||
           liquid_run_over(run, "a text takes more than %llu bytes of memory", run->limits.memory);
}

bool liquid_text_markup(struct liquid_run *run, const struct value *value, struct slice *text,
                        bool *safe)
{
    *safe = false;
    *text = (struct slice){"", 0};
    if (value->kind == VALUE_NULL)
        return true;
    if (value->kind == VALUE_STRING || value->kind == VALUE_BYTES) {
        *text = (struct slice){value->string, value->length};
        *safe = value->kind == VALUE_STRING && (value->flags & LIQUID_SAFE);
        return true;
    }
    if (!to_scratch(run, value))
        return false;
    char *copy = liquid_run_copy(run, run->scratch.data, run->scratch.length);
    if (!copy)
        return false;
    *text = (struct slice){copy, run->scratch.length};
    return true;
}

bool liquid_text_of(struct liquid_run *run, const struct value *value, struct slice *text)
{
    bool safe;
    struct value plain = *value;
    return liquid_text_plain(run, &plain) && liquid_text_markup(run, &plain, text, &safe);
}

bool liquid_text_escaped(struct liquid_run *run, struct slice text, struct slice *escaped)
{
    size_t length = liquid_escape_length(text.text, text.length);
    *escaped = text;
    if (length == text.length)
        return true;
    char *to = liquid_run_room(run, length);
    if (!to)
        return false;
    liquid_escape_to(to, text.text, text.length);
    *escaped = (struct slice){to, length};
    return true;
}

/* Lists and maps, by way of the scratch buffer where they must be escaped. */
static bool print_other(struct liquid_run *run, const struct value *value, bool escape)
{
    if (value->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value->list->count; i++)
            if (!liquid_text_print(run, &value->list->items[i], escape))
                return false;
        return liquid_run_step(run, value->list->count);
    }
    if (!escape || value->kind != VALUE_MAP) {
        append_value(run->out, value);
        return !run->out->full || liquid_run_full(run);
    }
    if (!to_scratch(run, value))
        return false;
    liquid_escape(run->out, buf_string(&run->scratch), run->scratch.length);
    return !run->out->full || liquid_run_full(run);
}

bool liquid_text_print(struct liquid_run *run, const struct value *value, bool escape)
{
    char text[DECIMAL_TEXT_SIZE];
    switch ((enum value_kind)value->kind) {
    case VALUE_NULL:
        return true;
    case VALUE_STRING:
        if (!escape || (value->flags & LIQUID_SAFE))
            return liquid_run_add(run, value->string, value->length);
        return liquid_escape(run->out, value->string, value->length) || liquid_run_full(run);
    case VALUE_INT:
        return liquid_run_add(run, text, decimal_print_int(value->integer, text));
    default:
        return print_other(run, value, escape);
    }
}

struct value liquid_string(struct liquid_run *run, const struct value *value)
{
    struct buf *out = run->out, text;
    struct value string = *value;
    if (!liquid_text_plain(run, &string))
        return value_string("", 0);
    if (string.kind == VALUE_STRING)
        return string;
    buf_init(&text, run->limits.memory);
    run->out = &text;
    bool done = liquid_text_print(run, value, false);
    run->out = out;
    char *copy = done ? liquid_run_copy(run, text.data, text.length) : NULL;
    string = value_string(copy ? copy : "", copy ? text.length : 0);
    buf_free(&text);
    return string;
}
