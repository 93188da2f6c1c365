/*
 * Prints straight into the buffer. Most of what is printed are strings without anything to
 * escape, so these are made fast: they are looked through eight bytes at a time, and copied
 * whole. Below stand numbers and what only the languages make; at the end the tree, which is
 * printed on one line or on many (`level`). Few calls look at their result: a buffer that is full
 * takes nothing more, and says so at the end.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/decimal.h"

/* ---- Strings ---- */

static const char short_escapes[128] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                        ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};

static inline bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* Whether one of eight bytes is a quote, a backslash or a control character: the
 * tests for a byte that is zero or below a bound. */
static inline bool needs_escape(uint64_t eight)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = eight ^ ones * '"', backslash = eight ^ ones * '\\';
    uint64_t low = (quote - ones) & ~quote;
    low |= (backslash - ones) & ~backslash;
    low |= (eight - ones * 0x20) & ~eight;
    return low & highs;
}

/* The length of the run from `at` on that prints as it is. */
static inline size_t plain_run(const char *bytes, size_t length)
{
    size_t at = 0;
    for (; length - at >= 8; at += 8) {
        uint64_t eight;
        memcpy(&eight, bytes + at, sizeof eight);
        if (needs_escape(eight))
            break;
    }
    while (at < length && is_plain((unsigned char)bytes[at]))
        at++;
    return at;
}

static void print_escape(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    if (short_escapes[c]) {
        escape[1] = short_escapes[c];
        buf_add(out, escape, 2);
    } else {
        buf_add(out, escape, sizeof escape);
    }
}

static bool print_escaped(struct buf *out, const char *bytes, size_t length)
{
    buf_char(out, '"');
    for (size_t at = 0;;) {
        size_t run = plain_run(bytes + at, length - at);
        buf_add(out, bytes + at, run);
        at += run;
        if (at == length)
            break;
        print_escape(out, (unsigned char)bytes[at++]);
    }
    return buf_char(out, '"');
}

bool json_print_string(struct buf *out, const char *bytes, size_t length)
{
    if (plain_run(bytes, length) < length)
        return print_escaped(out, bytes, length);
    if (out->capacity - out->length <= length + 2 || out->full) {
        if (!buf_reserve(out, length + 2))
            return false;
    }
    char *to = out->data + out->length;
    *to++ = '"';
    if (length)
        memcpy(to, bytes, length);
    to += length;
    *to++ = '"';
    *to = '\0';
    out->length += length + 2;
    return true;
}

/* ---- Numbers and what only the languages make ---- */

/* The shortest digits that read back as the same double: 0.1, 1e+21, 80.0 as "80.0". */
static bool print_double(struct buf *out, double number)
{
    char text[DECIMAL_TEXT_SIZE];
    size_t length = decimal_print(number, text);
    return length ? buf_add(out, text, length) : buf_add(out, "null", 4);
}

static bool print_int(struct buf *out, int64_t number)
{
    char text[DECIMAL_TEXT_SIZE];
    return buf_add(out, text, decimal_print_int(number, text));
}

static bool print_natural(struct buf *out, uint64_t number)
{
    char text[DECIMAL_TEXT_SIZE];
    return buf_add(out, text, decimal_print_natural(number, text));
}

/* ".5" as ".500": three, six or nine digits, as few as carry the nanoseconds;
 * nothing for none. */
static void print_fraction(struct buf *out, uint32_t nanoseconds)
{
    if (nanoseconds == 0)
        return;
    if (nanoseconds % 1000000 == 0)
        buf_printf(out, ".%03u", nanoseconds / 1000000);
    else if (nanoseconds % 1000 == 0)
        buf_printf(out, ".%06u", nanoseconds / 1000);
    else
        buf_printf(out, ".%09u", nanoseconds);
}

static bool print_timestamp(struct buf *out, const struct value *value)
{
    char text[CLOCK_TEXT_SIZE];
    size_t length = clock_print_second(value->integer, text);
    buf_char(out, '"');
    buf_add(out, text, length);
    print_fraction(out, value->length);
    return buf_add(out, "Z\"", 2);
}

static bool print_duration(struct buf *out, const struct value *value)
{
    int32_t nanoseconds = (int32_t)value->length;
    bool negative = value->integer < 0 || nanoseconds < 0;
    buf_text(out, negative ? "\"-" : "\"");
    print_natural(out, negative ? 0 - (uint64_t)value->integer : (uint64_t)value->integer);
    print_fraction(out, negative ? 0 - (uint32_t)nanoseconds : (uint32_t)nanoseconds);
    return buf_add(out, "s\"", 2);
}

static bool print_bytes(struct buf *out, const char *bytes, size_t length)
{
    buf_char(out, '"');
    base64_append(out, bytes, length, BASE64_STANDARD | BASE64_PADDED);
    return buf_char(out, '"');
}

/* ---- The tree ---- */

static bool print_scalar(struct buf *out, const struct value *value)
{
    if (value->flags & VALUE_SPELLED)
        return buf_add(out, value->text, value->length);
    switch ((enum value_kind)value->kind) {
    case VALUE_BOOL:
        return value->boolean ? buf_add(out, "true", 4) : buf_add(out, "false", 5);
    case VALUE_INT:
        return print_int(out, value->integer);
    case VALUE_UINT:
        return print_natural(out, value->natural);
    case VALUE_DOUBLE:
        return print_double(out, value->real);
    case VALUE_STRING:
        return json_print_string(out, value->string, value->length);
    case VALUE_BYTES:
        return print_bytes(out, value->string, value->length);
    case VALUE_TIMESTAMP:
        return print_timestamp(out, value);
    case VALUE_DURATION:
        return print_duration(out, value);
    case VALUE_NULL:
    case VALUE_EXTENSION:
    case VALUE_LIST:
    case VALUE_MAP:
        break;
    }
    return buf_add(out, "null", 4);
}

/* Whether it is printed as a string. */
static bool is_quoted(const struct value *key)
{
    return key->kind == VALUE_STRING || key->kind == VALUE_BYTES || key->kind == VALUE_TIMESTAMP ||
           key->kind == VALUE_DURATION;
}

/* A key that is no string is printed as one. */
static void print_key(struct buf *out, const struct value *key)
{
    bool quoted = is_quoted(key);
    if (!quoted)
        buf_char(out, '"');
    print_scalar(out, key);
    if (!quoted)
        buf_char(out, '"');
}

/* Nothing where `level` is negative: then all is on one line. */
static void print_break(struct buf *out, int level)
{
    if (level < 0)
        return;
    buf_char(out, '\n');
    for (int i = 0; i < level; i++)
        buf_add(out, "  ", 2);
}

static inline int deeper(int level)
{
    return level < 0 ? level : level + 1;
}

static bool print_value(struct buf *out, const struct value *value, int level);

static bool print_list(struct buf *out, const struct value_list *list, int level)
{
    if (list->count == 0)
        return buf_add(out, "[]", 2);
    for (uint32_t i = 0; i < list->count; i++) {
        buf_char(out, i ? ',' : '[');
        print_break(out, deeper(level));
        if (!print_value(out, &list->items[i], deeper(level)))
            return false;
    }
    print_break(out, level);
    return buf_char(out, ']');
}

static bool print_map(struct buf *out, const struct value_map *map, int level)
{
    if (map->count == 0)
        return buf_add(out, "{}", 2);
    for (uint32_t i = 0; i < map->count; i++) {
        buf_char(out, i ? ',' : '{');
        print_break(out, deeper(level));
        print_key(out, &map->members[i].key);
        buf_add(out, ": ", level < 0 ? 1 : 2);
        if (!print_value(out, &map->members[i].value, deeper(level)))
            return false;
    }
    print_break(out, level);
    return buf_char(out, '}');
}

static bool print_value(struct buf *out, const struct value *value, int level)
{
    if (value->kind == VALUE_LIST)
        return print_list(out, value->list, level);
    if (value->kind == VALUE_MAP)
        return print_map(out, value->map, level);
    return print_scalar(out, value);
}

bool json_print(struct buf *out, const struct value *value)
{
    return print_value(out, value, -1) && !out->full;
}

static size_t size_of_string(const char *bytes, size_t length)
{
    size_t size = length + 2;
    for (size_t at = 0; (at += plain_run(bytes + at, length - at)) < length; at++)
        size += short_escapes[(unsigned char)bytes[at]] ? 1 : 5;
    return size;
}

static size_t size_of_int(int64_t number)
{
    size_t size = number < 0 ? 2 : 1;
    for (uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number; left >= 10;
         left /= 10)
        size++;
    return size;
}

static size_t size_of_scalar(const struct value *value)
{
    struct buf out;
    if (value->flags & VALUE_SPELLED)
        return value->length;
    if (value->kind == VALUE_STRING)
        return size_of_string(value->string, value->length);
    if (value->kind == VALUE_INT)
        return size_of_int(value->integer);
    if (value->kind == VALUE_NULL || value->kind == VALUE_BOOL)
        return value->kind == VALUE_BOOL && !value->boolean ? 5 : 4;
    buf_init(&out, SIZE_MAX / 2);
    print_scalar(&out, value);
    size_t size = out.length;
    buf_free(&out);
    return size;
}

size_t json_size(const struct value *value)
{
    size_t size = value_count(value) ? value_count(value) + 1 : 2;
    if (value->kind == VALUE_LIST) {
        for (uint32_t i = 0; i < value->list->count; i++)
            size += json_size(&value->list->items[i]);
        return size;
    }
    if (value->kind != VALUE_MAP)
        return size_of_scalar(value);
    for (uint32_t i = 0; i < value->map->count; i++) {
        const struct value *key = &value->map->members[i].key;
        size += size_of_scalar(key) + (is_quoted(key) ? 1 : 3) +
                json_size(&value->map->members[i].value);
    }
    return size;
}

bool json_print_pretty(struct buf *out, const struct value *value)
{
    return print_value(out, value, 0) && !out->full;
}

struct slice json_print_slice(struct arena *arena, const struct value *value, size_t most)
{
    struct buf out;
    buf_init(&out, most);
    json_print(&out, value);
    struct slice printed = {.text = arena_copy(arena, buf_string(&out), out.length),
                            .length = out.length};
    buf_free(&out);
    return printed;
}
