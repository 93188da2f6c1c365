/*
 * Prints a struct as the YAML that would fill it. The rule for all texts: what any reader of
 * YAML, 1.1 or 1.2, takes for the same text stands plain, all else in quotes. From the top: texts
 * and values, the types that have a spelling of their own, what counts as absent and is left out,
 * then fields and tables, of which a section is one within another.
 */
#include "base/settings.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/duration.h"
#include "base/json.h"
#include "base/mask.h"
#include "base/size.h"
#include "base/utf8.h"

/* Code points that a YAML reader refuses unescaped, or takes for a line break. */
static bool needs_escape(uint32_t point)
{
    return utf8_is_control(point) || point == 0x2028 || point == 0x2029 || point == 0xfeff ||
           point == 0xfffe || point == 0xffff;
}

static void put_quoted(struct buf *out, const char *text, size_t length)
{
    size_t width;
    buf_char(out, '"');
    for (size_t at = 0; at < length; at += width) {
        uint32_t point = utf8_decode(text + at, length - at, &width);
        if (point == '"' || point == '\\')
            buf_printf(out, "\\%c", (char)point);
        else if (point == '\n')
            buf_text(out, "\\n");
        else if (needs_escape(point))
            buf_printf(out, "\\u%04x", (unsigned)point);
        else
            buf_add(out, text + at, width);
    }
    buf_char(out, '"');
}

/* Texts that no reader of YAML, 1.1 or 1.2, takes for anything else. */
static bool is_plain(const char *text, size_t length)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n",   NULL};
    if (length == 0 || (!isalpha((unsigned char)text[0]) && text[0] != '/') ||
        text[length - 1] == ':')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && (!text[i] || !strchr("_./@:+-", text[i])))
            return false;
    for (size_t i = 0; words[i]; i++)
        if (strlen(words[i]) == length && strncasecmp(words[i], text, length) == 0)
            return false;
    return true;
}

/* In quotes or not, without passwords. */
static void put_text(struct buf *out, const char *text, size_t length)
{
    struct buf shown;
    buf_init(&shown, 2 * length + 64);
    mask_text(text, length, &shown);
    if (is_plain(buf_string(&shown), shown.length))
        buf_add(out, shown.data, shown.length);
    else
        put_quoted(out, buf_string(&shown), shown.length);
    buf_free(&shown);
}

/* The value of a map's member, which may be secret by its name. */
static void put_quoted_value(struct buf *out, const struct value *name, const struct value *value)
{
    struct buf shown;
    buf_init(&shown, 2 * (size_t)value->length + 64);
    if (name && name->kind == VALUE_STRING && mask_is_secret(name->string, name->length))
        mask_value(value->string, value->length, &shown);
    else
        mask_text(value->string, value->length, &shown);
    put_quoted(out, buf_string(&shown), shown.length);
    buf_free(&shown);
}

static void put_double(struct buf *out, const struct value *value)
{
    if (isfinite(value->real))
        json_print(out, value); /* keeps a spelling */
    else
        buf_text(out, isnan(value->real) ? ".nan" : value->real < 0 ? "-.inf" : ".inf");
}

/* A flow value on one line: JSON, but for what JSON cannot say. `name`: of the member that it
 * is the value of, or NULL. */
static void put_value(struct buf *out, const struct value *name, const struct value *value)
{
    if (value->kind == VALUE_STRING) {
        put_quoted_value(out, name, value);
    } else if (value->kind == VALUE_DOUBLE) {
        put_double(out, value);
    } else if (value->kind == VALUE_LIST) {
        buf_char(out, '[');
        for (uint32_t i = 0; i < value->list->count; i++) {
            buf_text(out, i ? ", " : "");
            put_value(out, name, &value->list->items[i]);
        }
        buf_char(out, ']');
    } else if (value->kind == VALUE_MAP) {
        buf_char(out, '{');
        for (uint32_t i = 0; i < value->map->count; i++) {
            buf_text(out, i ? ", " : "");
            put_value(out, NULL, &value->map->members[i].key);
            buf_text(out, ": ");
            put_value(out, &value->map->members[i].key, &value->map->members[i].value);
        }
        buf_char(out, '}');
    } else {
        json_print(out, value);
    }
}

static void put_duration(struct buf *out, int64_t ms)
{
    char text[DURATION_TEXT_SIZE];
    buf_text(out, duration_format(ms, text));
}

static void put_size(struct buf *out, int64_t bytes)
{
    char text[SIZE_TEXT_SIZE];
    buf_text(out, size_format(bytes, text));
}

static void put_clock(struct buf *out, int minutes)
{
    /* In quotes: to a reader of YAML 1.1, 09:00 is the number 540. */
    buf_printf(out, "\"%02d:%02d\"", minutes / 60, minutes % 60);
}

static void put_rate(struct buf *out, const struct setting_rate *rate)
{
    buf_printf(out, "%lld per ", (long long)rate->count);
    put_duration(out, rate->per_ms);
}

static const void *field_of(const struct setting *setting, const void *from)
{
    return (const char *)from + setting->offset;
}

static bool is_absent(const struct setting *setting, const void *field);

/* A section without what it requires was not in the file: printed with its defaults
 * alone, it would not read back. */
static bool is_absent_section(const struct setting *table, const void *from)
{
    for (; table->key; table++)
        if (table->required && is_absent(table, field_of(table, from)))
            return true;
    return false;
}

static bool is_absent(const struct setting *setting, const void *field)
{
    switch (setting->type) {
    case SETTING_TEXT:
        return !*(const char *const *)field;
    case SETTING_CHOICE:
    case SETTING_CLOCK:
        return *(const int *)field < 0;
    case SETTING_RATE:
        return ((const struct setting_rate *)field)->count == 0;
    case SETTING_EXPRESSION:
    case SETTING_VALUE:
        return ((const struct value *)field)->kind == VALUE_NULL;
    case SETTING_TEXTS: /* which that are none cannot be written */
        return value_count(field) == 0;
    case SETTING_SECTION:
        return is_absent_section(setting->section, field);
    default:
        return false;
    }
}

static void put_field(struct buf *out, const struct setting *setting, const void *field)
{
    const struct value *value = field;
    switch (setting->type) {
    case SETTING_TEXT:
        put_text(out, *(const char *const *)field, strlen(*(const char *const *)field));
        break;
    case SETTING_BOOL:
        buf_text(out, *(const bool *)field ? "true" : "false");
        break;
    case SETTING_INT:
        buf_printf(out, "%lld", (long long)*(const int64_t *)field);
        break;
    case SETTING_DURATION:
        put_duration(out, *(const int64_t *)field);
        break;
    case SETTING_SIZE:
        put_size(out, *(const int64_t *)field);
        break;
    case SETTING_CHOICE:
        put_text(out, setting->choices[*(const int *)field],
                 strlen(setting->choices[*(const int *)field]));
        break;
    case SETTING_RATE:
        put_rate(out, field);
        break;
    case SETTING_CLOCK:
        put_clock(out, *(const int *)field);
        break;
    case SETTING_EXPRESSION:
        put_text(out, value->string, value->length);
        break;
    case SETTING_TEXTS:
    case SETTING_VALUE:
        put_value(out, NULL, value);
        break;
    case SETTING_SECTION:
        break;
    }
}

static void put_table(struct buf *out, const struct setting *table, const void *from, int indent)
{
    for (const struct setting *setting = table; setting->key; setting++) {
        const void *field = field_of(setting, from);
        if (is_absent(setting, field))
            continue;
        size_t start = out->length;
        buf_printf(out, "%*s%s:", indent, "", setting->key);
        if (setting->type == SETTING_SECTION) {
            buf_char(out, '\n');
            size_t head = out->length;
            put_table(out, setting->section, field, indent + 2);
            if (out->length == head) /* nothing in it: an empty value would be null */
                buf_cut(out, start);
            continue;
        }
        buf_char(out, ' ');
        put_field(out, setting, field);
        buf_char(out, '\n');
    }
}

bool settings_print(const struct setting *table, const void *from, struct buf *out)
{
    put_table(out, table, from, 0);
    return !out->full;
}
