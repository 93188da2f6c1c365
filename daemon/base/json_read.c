/*
 * Reads JSON in one pass. Every value that is complete stands on a scratch
 * stack; when a container closes, its children are the top of that stack and
 * are copied into an array of exactly their number. Of a map, keys and values
 * alternate there, which is the layout of `struct value_member`.
 *
 * What reads takes the place at which it begins, and gives the one at which it ends, or NULL
 * where the text has a fault: so that it stays in a register.
 */
#include "base/json.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/decimal.h"
#include "base/hex.h"
#include "base/json_scan.h"
#include "base/mem.h"
#include "base/utf8.h"

/* FEW_MEMBERS: up to here comparing each key with each is cheaper than an index.
 * DEPTH_MOST: the C stack carries as many levels, whatever the limits say. */
enum { FIRST_STACK = 128, FEW_MEMBERS = 12, DEPTH_MOST = 1024 };

const struct json_limits json_event_limits = {.bytes = 256 << 10, .depth = 32, .nodes = 65536};
const struct json_limits json_file_limits = {.bytes = 4 << 20, .depth = 64, .nodes = 1 << 20};

struct reader {
    const char *text;
    const char *end;
    struct arena *arena;
    const struct json_limits *limits;
    struct diag *diag;

    struct value *stack; /* `first`, or a larger one on the heap */
    size_t used;
    size_t capacity;
    uint32_t nodes_left;
    uint32_t depth_left;
    struct value first[FIRST_STACK];
};

static const char *fail(struct reader *reader, const char *at, const char *code, const char *text)
{
    if (reader->diag) {
        diag_error(reader->diag, "%s", text);
        diag_code(reader->diag, code);
        diag_offset(reader->diag, reader->text, (size_t)(reader->end - reader->text),
                    (size_t)(at - reader->text));
    }
    return NULL;
}

static const char *fail_syntax(struct reader *reader, const char *at, const char *text)
{
    return fail(reader, at, "json-syntax", at < reader->end ? text : "the text ends too early");
}

static void grow_stack(struct reader *reader)
{
    size_t capacity = reader->capacity * 2;
    if (reader->stack == reader->first) {
        reader->stack = mem_alloc(sizeof *reader->stack * capacity);
        memcpy(reader->stack, reader->first, sizeof reader->first);
    } else {
        reader->stack = mem_resize(reader->stack, sizeof *reader->stack * capacity);
    }
    reader->capacity = capacity;
}

/* The next place on the stack; any pointer into it from before is void. */
static inline struct value *push(struct reader *reader)
{
    if (reader->used == reader->capacity)
        grow_stack(reader);
    return &reader->stack[reader->used++];
}

static inline bool is_next(const struct reader *reader, const char *at, char c)
{
    return at < reader->end && *at == c;
}

/* ---- Strings ---- */

/* Over the characters of a string up to its quote or a backslash. */
static const char *skip_characters(struct reader *reader, const char *at)
{
    for (;;) {
        at = json_scan_plain(at, reader->end);
        if (at == reader->end)
            return fail(reader, at, "json-syntax", "a string has no closing quote");
        if (*at == '"' || *at == '\\')
            return at;
        if ((unsigned char)*at < 0x20)
            return fail(reader, at, "json-syntax", "a control character in a string");
        size_t width;
        utf8_decode(at, (size_t)(reader->end - at), &width);
        if (width == 1)
            return fail(reader, at, "json-utf8", "invalid UTF-8");
        at += width;
    }
}

/* Four hexadecimal digits, or UINT32_MAX. */
static uint32_t read_hex(const struct reader *reader, const char *at)
{
    uint32_t unit = 0;
    if (reader->end - at < 4)
        return UINT32_MAX;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(at[i]);
        if (digit < 0)
            return UINT32_MAX;
        unit = unit << 4 | (uint32_t)digit;
    }
    return unit;
}

/* At the `u` of an escape: one code unit, or the two of a surrogate pair. */
static const char *read_unicode(struct reader *reader, const char *at, char **to)
{
    const char *start = at - 1;
    uint32_t point = read_hex(reader, ++at);
    if (point == UINT32_MAX)
        return fail(reader, start, "json-syntax", "\\u must be followed by four hex digits");
    at += 4;
    if (point >= 0xd800 && point <= 0xdbff && reader->end - at >= 2 && at[0] == '\\' &&
        at[1] == 'u') {
        uint32_t low = read_hex(reader, at + 2);
        at += 2 + (low == UINT32_MAX ? 0 : 4);
        if (low >= 0xdc00 && low <= 0xdfff)
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    if (point >= 0xd800 && point <= 0xdfff)
        return fail(reader, start, "json-utf8", "half of a surrogate pair");
    *to += utf8_encode(point, *to);
    return at;
}

/* At the backslash. */
static const char *read_escape(struct reader *reader, const char *at, char **to)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    unsigned char c = at + 1 < reader->end ? (unsigned char)at[1] : 0;
    if (c == 'u')
        return read_unicode(reader, at + 1, to);
    if (c >= sizeof plain || !plain[c])
        return fail(reader, at, "json-syntax", "an unknown escape in a string");
    *(*to)++ = plain[c];
    return at + 2;
}

/* The bytes up to the closing quote, as an upper bound of what they decode to. */
static size_t raw_length(const struct reader *reader, const char *from)
{
    size_t length = (size_t)(reader->end - from);
    for (size_t at = 0; at < length; at += from[at] == '\\' ? 2 : 1)
        if (from[at] == '"')
            return at;
    return length;
}

/* The rest of a string from its first escape on, at `at`; `start` is its first byte. */
static const char *read_escaped(struct reader *reader, const char *start, const char *at,
                                struct value *string)
{
    char *bytes = arena_alloc(reader->arena, raw_length(reader, start));
    char *to = bytes;
    for (const char *run = start;; run = at, at = skip_characters(reader, at)) {
        if (!at)
            return NULL;
        size_t length = (size_t)(at - run);
        memcpy(to, run, length);
        to += length;
        if (*at == '"')
            break;
        at = read_escape(reader, at, &to);
        if (!at)
            return NULL;
    }
    string->string = bytes;
    string->length = (uint32_t)(to - bytes);
    return at + 1;
}

/* Each member by itself: a whole value would be put together elsewhere, and copied. */
static inline void put_string(struct value *string, const char *start, const char *end)
{
    string->kind = VALUE_STRING;
    string->flags = 0;
    string->length = (uint32_t)(end - start);
    string->string = start;
    string->text = start - 1; /* where a key stands, if it comes twice */
}

/* A string that is not plain to its quote, from what is not. Few are such: kept out of the way. */
__attribute__((noinline)) static const char *read_other_string(struct reader *reader,
                                                               const char *start, const char *at)
{
    at = skip_characters(reader, at);
    if (!at)
        return NULL;
    struct value *string = push(reader);
    put_string(string, start, at);
    return *at == '"' ? at + 1 : read_escaped(reader, start, at, string);
}

/* At the opening quote. */
__attribute__((always_inline)) static inline const char *read_string(struct reader *reader,
                                                                     const char *at)
{
    const char *start = at + 1;
    at = json_scan_plain(start, reader->end);
    if (!is_next(reader, at, '"'))
        return read_other_string(reader, start, at);
    put_string(push(reader), start, at);
    return at + 1;
}

/* ---- Numbers ---- */

/* What has been read of a number. Digits past the 19th are not in `digits`. */
struct number {
    const char *start;
    uint64_t digits;
    int32_t count;    /* of all digits */
    int32_t fraction; /* of those after the point */
    int32_t exponent; /* held within ±100,000 */
    bool negative;
    bool whole; /* neither point nor exponent */
};

enum { DIGITS_MOST = 19, EXPONENT_MOST = 100000 };

static const char *read_digits(struct reader *reader, const char *at, struct number *number)
{
    const char *first = at;
    uint64_t digits = number->digits;
    int32_t room = DIGITS_MOST - number->count;
    for (; at < reader->end && *at >= '0' && *at <= '9'; at++)
        if (room-- > 0)
            digits = digits * 10 + (uint64_t)(*at - '0');
    number->digits = digits;
    number->count += (int32_t)(at - first);
    return at > first ? at : fail_syntax(reader, at, "a digit is missing");
}

static const char *read_exponent(struct reader *reader, const char *at, struct number *number)
{
    bool negative = is_next(reader, at, '-');
    at += negative || is_next(reader, at, '+');
    const char *first = at;
    int32_t exponent = 0;
    for (; at < reader->end && *at >= '0' && *at <= '9'; at++)
        if (exponent < EXPONENT_MOST)
            exponent = exponent * 10 + (*at - '0');
    number->exponent = negative ? -exponent : exponent;
    return at > first ? at : fail_syntax(reader, at, "a digit is missing");
}

static const char *scan_number(struct reader *reader, const char *at, struct number *number)
{
    number->negative = is_next(reader, at, '-');
    at += number->negative;
    const char *first = at;
    at = read_digits(reader, at, number);
    if (!at)
        return NULL;
    if (*first == '0' && number->count > 1)
        return fail(reader, first, "json-syntax", "a number must not begin with 0");
    if (is_next(reader, at, '.')) {
        number->whole = false;
        int32_t before = number->count;
        at = read_digits(reader, at + 1, number);
        if (!at)
            return NULL;
        number->fraction = number->count - before;
    }
    if (at < reader->end && (*at | 0x20) == 'e') {
        number->whole = false;
        return read_exponent(reader, at + 1, number);
    }
    return at;
}

/* Whether a whole number fits 64 bits; 19 digits never overflow the unsigned. */
static bool fits_integer(const struct number *number)
{
    return number->whole && number->count <= DIGITS_MOST &&
           number->digits <= (uint64_t)INT64_MAX + number->negative;
}

/* The value of eight digits, or UINT32_MAX where one of eight bytes is none: pairs are
 * added up, then fours, then all. */
static inline uint32_t eight_digits(const char *at)
{
    uint64_t eight = json_scan_eight(at), digits = eight - 0x3030303030303030u;
    if (((eight + 0x4646464646464646u) | digits) & 0x8080808080808080u)
        return UINT32_MAX;
    digits = digits * 10 + (digits >> 8);
    uint64_t even = (digits & 0x000000ff000000ffu) * (100 + (UINT64_C(1000000) << 32));
    uint64_t odd = (digits >> 16 & 0x000000ff000000ffu) * (1 + (UINT64_C(10000) << 32));
    return (uint32_t)((even + odd) >> 32);
}

/* A whole number of 1 to 18 digits, as counts and times are; NULL where it is anything else. */
static inline const char *read_plain_integer(struct reader *reader, const char *first)
{
    const char *at = first, *end = reader->end;
    uint64_t digits = 0;
    for (uint32_t eight; end - at > 8 && at - first < 16; at += 8) {
        if ((eight = eight_digits(at)) == UINT32_MAX)
            break;
        digits = digits * 100000000 + eight;
    }
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (at - first == DIGITS_MOST - 1)
            return NULL;
        digits = digits * 10 + (uint64_t)(*at - '0');
    }
    bool more = at < end && (*at == '.' || (*at | 0x20) == 'e');
    if (at == first || more || (*first == '0' && at - first > 1))
        return NULL;
    struct value *value = push(reader);
    value->kind = VALUE_INT;
    value->flags = VALUE_FLEXIBLE;
    value->integer = (int64_t)digits;
    return at;
}

/* Likewise one such as a price: up to 15 digits, and a point between them. */
static inline const char *read_plain_decimal(struct reader *reader, const char *first)
{
    const char *at = first, *point = NULL, *end = reader->end;
    uint64_t digits = 0;
    double real;
    for (; at < end && at - first < 16; at++) {
        if (*at >= '0' && *at <= '9')
            digits = digits * 10 + (uint64_t)(*at - '0');
        else if (*at != '.' || point)
            break;
        else
            point = at;
    }
    bool more = at < end && ((*at >= '0' && *at <= '9') || *at == '.' || (*at | 0x20) == 'e');
    if (more || !point || point == first || point + 1 == at ||
        (*first == '0' && point - first > 1) ||
        !decimal_exact(digits, (int32_t)(point + 1 - at), &real))
        return NULL;
    *push(reader) = (struct value){.kind = VALUE_DOUBLE,
                                   .flags = VALUE_FLEXIBLE | VALUE_SPELLED,
                                   .length = (uint32_t)(at - first),
                                   .real = real,
                                   .text = first};
    return at;
}

/* What was scanned up to `at`; false where it is too large. */
static bool make_number(const struct number *number, const char *at, struct value *value)
{
    size_t length = (size_t)(at - number->start);
    if (fits_integer(number)) {
        value->kind = VALUE_INT;
        value->integer = (int64_t)(number->negative ? 0 - number->digits : number->digits);
    } else {
        value->kind = VALUE_DOUBLE;
        if (number->count > DIGITS_MOST ||
            !decimal_exact(number->digits, number->exponent - number->fraction, &value->real))
            value->real = decimal_read(number->start, length);
        else if (number->negative)
            value->real = -value->real;
        if (!isfinite(value->real))
            return false;
    }
    /* A spelling costs nothing to keep, and is faster to print than a double. */
    if (value->kind == VALUE_DOUBLE || (number->negative && number->digits == 0)) {
        value->flags |= VALUE_SPELLED;
        value->length = (uint32_t)length;
        value->text = number->start;
    }
    return true;
}

static const char *read_number(struct reader *reader, const char *at)
{
    const char *end = read_plain_integer(reader, at);
    if (!end)
        end = read_plain_decimal(reader, at);
    if (end)
        return end;
    struct number number = {.start = at, .whole = true};
    struct value value = {.flags = VALUE_FLEXIBLE};
    end = scan_number(reader, at, &number);
    if (!end)
        return NULL;
    if (!make_number(&number, end, &value))
        return fail(reader, number.start, "json-syntax", "the number is too large");
    *push(reader) = value;
    return end;
}

/* ---- The rest ---- */

static const char *read_word(struct reader *reader, const char *at, const char *word, size_t length,
                             struct value value)
{
    if ((size_t)(reader->end - at) < length || memcmp(at, word, length) != 0)
        return fail(reader, at, "json-syntax", "a value was expected");
    *push(reader) = value;
    return at + length;
}

static const char *read_other(struct reader *reader, const char *at);

/* One value, which it leaves on the stack, and the space on both its sides. Most are strings. */
__attribute__((always_inline)) static inline const char *read_value(struct reader *reader,
                                                                    const char *at)
{
    at = json_scan_space(at, reader->end);
    if (at == reader->end)
        return fail_syntax(reader, at, "");
    if (reader->nodes_left == 0)
        return fail(reader, at, "json-nodes", "too many values");
    reader->nodes_left--;
    at = *at == '"' ? read_string(reader, at) : read_other(reader, at);
    return at ? json_scan_space(at, reader->end) : NULL;
}

/* Over the bracket that opens a container. */
static const char *enter(struct reader *reader, const char *at)
{
    if (reader->depth_left == 0)
        return fail(reader, at, "json-depth", "nested too deep");
    reader->depth_left--;
    return json_scan_space(at + 1, reader->end);
}

static const char *read_items(struct reader *reader, const char *at)
{
    if (is_next(reader, at, ']'))
        return at + 1;
    while ((at = read_value(reader, at)) && is_next(reader, at, ','))
        at++;
    if (at && !is_next(reader, at, ']'))
        return fail_syntax(reader, at, "`,` or `]` was expected");
    return at ? at + 1 : NULL;
}

static const char *read_list(struct reader *reader, const char *at)
{
    size_t base = reader->used;
    at = enter(reader, at);
    at = at ? read_items(reader, at) : NULL;
    if (!at)
        return NULL;
    uint32_t count = (uint32_t)(reader->used - base);
    struct value list = value_new_list(reader->arena, count);
    if (count)
        memcpy(list.list->items, &reader->stack[base], sizeof *list.list->items * count);
    list.list->count = count;
    reader->used = base;
    reader->depth_left++;
    *push(reader) = list;
    return at;
}

/* Puts a member into `map`, whose keys are those read so far. */
static bool put_member(struct reader *reader, struct value map, const struct value_member *member)
{
    struct value *same = (struct value *)value_find(&map, member->key.string, member->key.length);
    if (!same) {
        value_add(reader->arena, map, member->key, member->value);
        return true;
    }
    if (reader->limits->duplicate_keys) {
        *same = member->value;
        return true;
    }
    fail(reader, member->key.text, "json-duplicate", "the key stands twice in this object");
    if (reader->diag)
        reader->diag->width = member->key.length + 2;
    return false;
}

static inline bool same_key(const struct value *a, const struct value *b)
{
    return a->length == b->length && bytes_are_same(a->string, b->string, a->length);
}

/* Their marks, of which most keys have one of their own; 0 where two are the same. */
static uint64_t mark_all(const struct value_member *members, uint32_t count)
{
    uint64_t marks = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t mark = bytes_mark(members[i].key.string, members[i].key.length);
        for (uint32_t j = 0; marks & mark && j < i; j++)
            if (same_key(&members[i].key, &members[j].key))
                return 0;
        marks |= mark;
    }
    return marks;
}

/* Small maps are copied whole; large ones, and the rare one with a key twice,
 * go member by member through the map's own index. */
static bool close_map(struct reader *reader, size_t base)
{
    const struct value_member *members = (const struct value_member *)&reader->stack[base];
    uint32_t count = (uint32_t)((reader->used - base) / 2);
    struct value map = value_new_map(reader->arena, count);
    uint64_t marks = count && count <= FEW_MEMBERS ? mark_all(members, count) : 0;
    if (marks) {
        memcpy(map.map->members, members, sizeof *members * count);
        map.map->count = count;
        map.map->marks = marks;
    } else {
        for (uint32_t i = 0; i < count; i++)
            if (!put_member(reader, map, &members[i]))
                return false;
    }
    reader->used = base;
    reader->depth_left++;
    *push(reader) = map;
    return true;
}

static const char *read_member(struct reader *reader, const char *at)
{
    at = json_scan_space(at, reader->end);
    if (!is_next(reader, at, '"'))
        return fail_syntax(reader, at, "a key in double quotes was expected");
    at = read_string(reader, at);
    if (!at)
        return NULL;
    at = json_scan_space(at, reader->end);
    if (!is_next(reader, at, ':'))
        return fail_syntax(reader, at, "`:` was expected");
    return read_value(reader, at + 1);
}

static const char *read_members(struct reader *reader, const char *at)
{
    if (is_next(reader, at, '}'))
        return at + 1;
    while ((at = read_member(reader, at)) && is_next(reader, at, ','))
        at++;
    if (at && !is_next(reader, at, '}'))
        return fail_syntax(reader, at, "`,` or `}` was expected");
    return at ? at + 1 : NULL;
}

static const char *read_map(struct reader *reader, const char *at)
{
    size_t base = reader->used;
    at = enter(reader, at);
    at = at ? read_members(reader, at) : NULL;
    return at && close_map(reader, base) ? at : NULL;
}

/* What is no string. */
static const char *read_other(struct reader *reader, const char *at)
{
    switch (*at) {
    case '{':
        return read_map(reader, at);
    case '[':
        return read_list(reader, at);
    case 't':
        return read_word(reader, at, "true", 4, value_bool(true));
    case 'f':
        return read_word(reader, at, "false", 5, value_bool(false));
    case 'n':
        return read_word(reader, at, "null", 4, value_null());
    case '-':
    case '0' ... '9':
        return read_number(reader, at);
    default:
        return fail(reader, at, "json-syntax", "a value was expected");
    }
}

static bool read_text(struct reader *reader)
{
    size_t length = (size_t)(reader->end - reader->text);
    if (length > reader->limits->bytes || length > INT32_MAX)
        return fail(reader, reader->text, "json-size", "the text is too long");
    if (length >= 3 && memcmp(reader->text, "\xef\xbb\xbf", 3) == 0)
        return fail(reader, reader->text, "json-syntax", "the text begins with a byte order mark");
    const char *at = read_value(reader, reader->text);
    if (at && at < reader->end)
        at = fail(reader, at, "json-syntax", "something follows the value");
    return at != NULL;
}

/* Not `first`, which need not be zero. */
static void begin(struct reader *reader, struct arena *arena, const char *text, const char *end,
                  const struct json_limits *limits, struct diag *diag)
{
    reader->text = text;
    reader->end = end;
    reader->arena = arena;
    reader->limits = limits;
    reader->diag = diag;
    reader->stack = reader->first;
    reader->used = 0;
    reader->capacity = FIRST_STACK;
    reader->nodes_left = limits->nodes;
    reader->depth_left = limits->depth < DEPTH_MOST ? limits->depth : DEPTH_MOST;
}

bool json_read(struct arena *arena, const char *text, size_t length,
               const struct json_limits *limits, struct value *value, struct diag *diag)
{
    struct reader reader;
    begin(&reader, arena, text, text + length, limits, diag);
    bool whole = read_text(&reader);
    if (whole)
        *value = reader.stack[0];
    if (reader.stack != reader.first)
        free(reader.stack);
    return whole;
}

const char *json_scan_scalar(struct arena *arena, const char *at, const char *end,
                             struct value *value)
{
    struct reader reader;
    if (at == end || *at == '{' || *at == '[')
        return NULL;
    begin(&reader, arena, at, end, &json_event_limits, NULL);
    at = *at == '"' ? read_string(&reader, at) : read_other(&reader, at);
    if (at)
        *value = reader.first[0];
    return at;
}
