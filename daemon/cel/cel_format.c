/*
 * cel_format, at the end, walks the format once: a conversion is read (read_conversion), takes
 * the next value, and is written by what its letter stands for (convert); all else is copied.
 *
 * %s writes any value, those within lists and maps too (add_string); a map's entries are sorted
 * by their text, so that equal maps give equal texts.
 */
#include "cel/cel_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cel/cel_decimal.h"
#include "cel/cel_number.h"
#include "cel/cel_text.h"
#include "cel/cel_value.h"

enum { PRECISION = 6, PRECISION_MOST = 100, DEPTH_MOST = 64, MAP_MOST = 1000 };

/* One conversion: "%.2f". */
struct conversion {
    struct cel_call *call;
    struct buf *out;
    char letter;
    int precision; /* -1: none given */
};

static bool refuse(struct conversion *conversion, const struct value *value)
{
    struct cel_run *run = conversion->call->run;
    const char *text =
        arena_printf(run->arena, "conversion `%c` of format() is not for %%a", conversion->letter);
    return cel_fail_with(run, conversion->call->node, text, value, value);
}

/* ---- %s ---- */

static bool add_string(struct conversion *conversion, const struct value *value, uint32_t depth);

/* Bytes as UTF-8, each run of what is none as one U+FFFD. */
static void add_bytes(struct buf *out, const struct value *value)
{
    size_t at = 0;
    bool broken = false;
    while (at < value->length) {
        const char *rest = value->string + at;
        size_t left = value->length - at, valid = utf8_invalid(rest, left);
        buf_add(out, rest, valid);
        if (valid > 0)
            broken = false;
        if (valid == left)
            return;
        if (!broken)
            buf_text(out, "\ufffd");
        broken = true;
        at += valid + 1;
    }
}

static bool add_list(struct conversion *conversion, const struct value_list *list, uint32_t depth)
{
    buf_char(conversion->out, '[');
    for (uint32_t i = 0; i < list->count && !conversion->out->full; i++) {
        if (i > 0)
            buf_text(conversion->out, ", ");
        if (!add_string(conversion, &list->items[i], depth))
            return false;
    }
    return buf_char(conversion->out, ']') || true;
}

/* An entry as text; `key` bytes of it are the key. */
struct entry {
    const char *text;
    size_t key, length;
};

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    size_t shorter = x->key < y->key ? x->key : y->key;
    int order = memcmp(x->text, y->text, shorter);
    return order ? order : (x->key > y->key) - (x->key < y->key);
}

static bool format_entry(struct conversion *conversion, const struct value_member *member,
                         uint32_t depth, struct entry *entry)
{
    struct buf text, *out = conversion->out;
    buf_init(&text, CEL_STRING_MOST);
    conversion->out = &text;
    bool fine = add_string(conversion, &member->key, depth);
    entry->key = text.length;
    buf_text(&text, ": ");
    fine = fine && add_string(conversion, &member->value, depth);
    conversion->out = out;
    fine = fine && cel_spend_bytes(conversion->call->run, conversion->call->node, text.length);
    entry->length = text.length;
    if (fine)
        entry->text = arena_copy(conversion->call->run->arena, buf_string(&text), text.length);
    buf_free(&text);
    return fine;
}

static bool add_map(struct conversion *conversion, const struct value_map *map, uint32_t depth)
{
    struct cel_run *run = conversion->call->run;
    if (!cel_spend(run, conversion->call->node, map->count))
        return false;
    struct entry *entries = arena_alloc(run->arena, sizeof *entries * (map->count + 1));
    for (uint32_t i = 0; i < map->count; i++)
        if (!format_entry(conversion, &map->members[i], depth, &entries[i]))
            return false;
    if (map->count)
        qsort(entries, map->count, sizeof *entries, compare_entries);
    buf_char(conversion->out, '{');
    for (uint32_t i = 0; i < map->count; i++) {
        if (i > 0)
            buf_text(conversion->out, ", ");
        buf_add(conversion->out, entries[i].text, entries[i].length);
    }
    buf_char(conversion->out, '}');
    return true;
}

static bool add_string(struct conversion *conversion, const struct value *value, uint32_t depth)
{
    if (depth == DEPTH_MOST)
        return cel_call_fail(conversion->call, "format() of values nested too deeply");
    switch (cel_kind(value)) {
    case VALUE_DOUBLE:
        cel_text_add_fixed(conversion->out, value->real);
        return true;
    case VALUE_BYTES:
        add_bytes(conversion->out, value);
        return true;
    case VALUE_LIST:
        return add_list(conversion, value->list, depth + 1);
    case VALUE_MAP:
        return add_map(conversion, value->map, depth + 1);
    case CEL_KIND_OPTIONAL:
        return refuse(conversion, value);
    default:
        return cel_text_add(conversion->out, value) || conversion->out->full ||
               refuse(conversion, value);
    }
}

/* ---- Numbers ---- */

static bool add_decimal(struct conversion *conversion, const struct value *value)
{
    if (!cel_is_number(value) && cel_kind(value) != CEL_KIND_DECIMAL)
        return refuse(conversion, value);
    return add_string(conversion, value, 0);
}

static bool add_real(struct conversion *conversion, const struct value *value)
{
    struct value real = value_double(0);
    if (cel_kind(value) == CEL_KIND_DECIMAL)
        real.real = cel_decimal_to_double(value);
    else if (!cel_is_number(value))
        return refuse(conversion, value);
    else
        cel_number_fit(value, VALUE_DOUBLE, &real);
    int precision = conversion->precision < 0 ? PRECISION : conversion->precision;
    if (!isfinite(real.real))
        cel_text_add_fixed(conversion->out, real.real);
    else
        buf_printf(conversion->out, conversion->letter == 'f' ? "%.*f" : "%.*e", precision,
                   real.real);
    return true;
}

/* The digits of a number in base 2^bits, the sign before them. */
static bool add_base(struct conversion *conversion, const struct value *value, unsigned bits)
{
    char digits[65];
    size_t at = sizeof digits;
    if (value->kind != VALUE_INT && value->kind != VALUE_UINT)
        return refuse(conversion, value);
    bool negative = value->kind == VALUE_INT && value->integer < 0;
    uint64_t number = negative ? 0 - value->natural : value->natural;
    const char *letters = conversion->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    do {
        digits[--at] = letters[number & ((1u << bits) - 1)];
        number >>= bits;
    } while (number);
    if (negative)
        buf_char(conversion->out, '-');
    buf_add(conversion->out, digits + at, sizeof digits - at);
    return true;
}

static bool add_hex(struct conversion *conversion, const struct value *value)
{
    if (value->kind != VALUE_STRING && value->kind != VALUE_BYTES)
        return add_base(conversion, value, 4);
    for (uint32_t i = 0; i < value->length; i++)
        buf_printf(conversion->out, conversion->letter == 'X' ? "%02X" : "%02x",
                   (unsigned char)value->string[i]);
    return true;
}

static bool add_binary(struct conversion *conversion, const struct value *value)
{
    if (value->kind != VALUE_BOOL)
        return add_base(conversion, value, 1);
    return buf_char(conversion->out, value->boolean ? '1' : '0') || true;
}

static bool convert(struct conversion *conversion, const struct value *value)
{
    struct value whole;
    /* A document's 80.0 is a whole number wherever one is wanted. */
    if (cel_is_flexible(value) && strchr("xXob", conversion->letter) &&
        cel_number_fit(value, VALUE_INT, &whole))
        value = &whole;
    switch (conversion->letter) {
    case 's':
        return add_string(conversion, value, 0);
    case 'd':
        return add_decimal(conversion, value);
    case 'f':
    case 'e':
        return add_real(conversion, value);
    case 'x':
    case 'X':
        return add_hex(conversion, value);
    case 'o':
        return add_base(conversion, value, 3);
    case 'b':
        return add_binary(conversion, value);
    default:
        return cel_call_fail(conversion->call, "format() has a conversion that is not known");
    }
}

/* Reads “.2f” at *at; false where it is no conversion. */
static bool read_conversion(const struct value *format, uint32_t *at, struct conversion *conversion)
{
    conversion->precision = -1;
    if (*at < format->length && format->string[*at] == '.') {
        uint32_t first = ++*at;
        int precision = 0;
        for (; *at < format->length && format->string[*at] >= '0' && format->string[*at] <= '9';
             ++*at)
            precision = precision > PRECISION_MOST ? precision
                                                   : precision * 10 + (format->string[*at] - '0');
        if (*at == first || precision > PRECISION_MOST)
            return false;
        conversion->precision = precision;
    }
    if (*at == format->length)
        return false;
    conversion->letter = format->string[(*at)++];
    return conversion->precision < 0 || conversion->letter == 'f' || conversion->letter == 'e';
}

bool cel_format(struct cel_call *call, struct buf *out)
{
    const struct value *format = &call->arguments[0];
    const struct value_list *values = call->arguments[1].list;
    struct conversion conversion = {.call = call, .out = out};
    uint32_t next = 0;
    for (uint32_t at = 0; at < format->length && !out->full;) {
        char c = format->string[at++];
        if (c != '%') {
            buf_char(out, c);
        } else if (at < format->length && format->string[at] == '%') {
            buf_char(out, '%');
            at++;
        } else if (!read_conversion(format, &at, &conversion)) {
            return cel_call_fail(call, "format() has an incomplete conversion, or a precision that "
                                       "is not for it");
        } else if (next == values->count) {
            return cel_call_fail(call, "format() has fewer values than conversions");
        } else if (!convert(&conversion, &values->items[next++])) {
            return false;
        }
    }
    return true;
}
