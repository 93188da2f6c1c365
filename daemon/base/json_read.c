/*
 * Reads JSON in one pass. Every value that is complete stands on a scratch
 * stack; when a container closes, its children are the top of that stack and
 * are copied into an array of exactly their number. Of a map, keys and values
 * alternate there, which is the layout of `struct value_member`.
 */
#include "base/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"

/* FEW_MEMBERS: up to here comparing each key with each is cheaper than an index.
 * DEPTH_MOST: the C stack carries as many levels, whatever the limits say. */
enum { FIRST_STACK = 128, FEW_MEMBERS = 12, DEPTH_MOST = 1024 };

const struct json_limits json_event_limits = {.bytes = 256 << 10, .depth = 32, .nodes = 65536};
const struct json_limits json_file_limits = {.bytes = 4 << 20, .depth = 64, .nodes = 1 << 20};

struct reader {
    const char *at;
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

static bool fail(struct reader *reader, const char *at, const char *code, const char *text)
{
    if (reader->diag) {
        diag_error(reader->diag, "%s", text);
        diag_code(reader->diag, code);
        diag_offset(reader->diag, reader->text, (size_t)(reader->end - reader->text),
                    (size_t)(at - reader->text));
    }
    return false;
}

static bool fail_syntax(struct reader *reader, const char *at, const char *text)
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

static inline void skip_space(struct reader *reader)
{
    while (
        reader->at < reader->end && (unsigned char)*reader->at <= ' ' &&
        (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

static inline bool next_is(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

/* ---- Strings ---- */

static inline bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Of eight bytes, a high bit at the first one that is not plain, and perhaps at later
 * ones: the classic tests for a byte that is zero or below a bound, in which a borrow
 * only goes upwards. */
static inline uint64_t special_bits(uint64_t eight)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = eight ^ ones * '"', backslash = eight ^ ones * '\\';
    return ((quote - ones) | (backslash - ones) | (eight - ones * 0x20) | eight) & highs;
}

/* Eight bytes, the first one lowest. */
static inline uint64_t load_eight(const char *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(eight) : eight;
}

#ifdef __SSE2__
/* Likewise of sixteen bytes, a bit for each that is not plain. One above 0x7f is negative here. */
static inline unsigned special_of_sixteen(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i special = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(special);
}
#endif

/* The first byte from `at` on that is not plain, or `end`. */
static inline const char *skip_plain(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        unsigned special = special_of_sixteen(at);
        if (special)
            return at + __builtin_ctz(special);
    }
#endif
    for (; end - at >= 8; at += 8) {
        uint64_t special = special_bits(load_eight(at));
        if (special)
            return at + __builtin_ctzll(special) / 8;
    }
    while (at < end && is_plain((unsigned char)*at))
        at++;
    return at;
}

/* Moves over the characters of a string up to its quote or a backslash, from what is not plain. */
static bool skip_others(struct reader *reader)
{
    for (;; reader->at = skip_plain(reader->at, reader->end)) {
        const char *at = reader->at;
        if (at == reader->end)
            return fail(reader, at, "json-syntax", "a string has no closing quote");
        if (*at == '"' || *at == '\\')
            return true;
        if ((unsigned char)*at < 0x20)
            return fail(reader, at, "json-syntax", "a control character in a string");
        size_t width;
        utf8_decode(at, (size_t)(reader->end - at), &width);
        if (width == 1)
            return fail(reader, at, "json-utf8", "invalid UTF-8");
        reader->at += width;
    }
}

/* The same from anywhere; most have plain ones alone. */
static inline bool skip_characters(struct reader *reader)
{
    reader->at = skip_plain(reader->at, reader->end);
    return (reader->at < reader->end && *reader->at == '"') || skip_others(reader);
}

/* Four hexadecimal digits, or UINT32_MAX. */
static uint32_t read_hex(struct reader *reader)
{
    uint32_t unit = 0;
    if (reader->end - reader->at < 4)
        return UINT32_MAX;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(*reader->at++);
        if (digit < 0)
            return UINT32_MAX;
        unit = unit << 4 | (uint32_t)digit;
    }
    return unit;
}

/* After "\u": one code unit, or the two of a surrogate pair. */
static bool read_unicode(struct reader *reader, const char *start, char **to)
{
    uint32_t point = read_hex(reader);
    if (point == UINT32_MAX)
        return fail(reader, start, "json-syntax", "\\u must be followed by four hex digits");
    if (point >= 0xd800 && point <= 0xdbff && reader->end - reader->at >= 2 &&
        reader->at[0] == '\\' && reader->at[1] == 'u') {
        reader->at += 2;
        uint32_t low = read_hex(reader);
        if (low >= 0xdc00 && low <= 0xdfff)
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    }
    if (point >= 0xd800 && point <= 0xdfff)
        return fail(reader, start, "json-utf8", "half of a surrogate pair");
    *to += utf8_encode(point, *to);
    return true;
}

static bool read_escape(struct reader *reader, char **to)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    const char *start = reader->at++;
    unsigned char c = reader->at < reader->end ? (unsigned char)*reader->at : 0;
    if (c == 'u') {
        reader->at++;
        return read_unicode(reader, start, to);
    }
    if (c >= sizeof plain || !plain[c])
        return fail(reader, start, "json-syntax", "an unknown escape in a string");
    reader->at++;
    *(*to)++ = plain[c];
    return true;
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

/* The rest of a string from its first escape on; `start` is its first byte. */
static bool read_escaped(struct reader *reader, const char *start, struct value *string)
{
    char *bytes = arena_alloc(reader->arena, raw_length(reader, start));
    char *to = bytes;
    for (const char *run = start;; run = reader->at) {
        if (!skip_characters(reader))
            return false;
        size_t length = (size_t)(reader->at - run);
        memcpy(to, run, length);
        to += length;
        if (*reader->at == '"')
            break;
        if (!read_escape(reader, &to))
            return false;
    }
    reader->at++;
    *string = value_string(bytes, (size_t)(to - bytes));
    return true;
}

/* At the opening quote. */
static inline bool read_string(struct reader *reader)
{
    const char *start = ++reader->at;
    if (!skip_characters(reader))
        return false;
    struct value *string = push(reader);
    if (*reader->at == '"')
        *string = value_string(start, (size_t)(reader->at++ - start));
    else if (!read_escaped(reader, start, string))
        return false;
    string->text = start - 1; /* where a key stands, if it comes twice */
    return true;
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

static bool read_digits(struct reader *reader, struct number *number)
{
    const char *first = reader->at;
    const char *at = first;
    uint64_t digits = number->digits;
    int32_t room = DIGITS_MOST - number->count;
    for (; at < reader->end && *at >= '0' && *at <= '9'; at++)
        if (room-- > 0)
            digits = digits * 10 + (uint64_t)(*at - '0');
    number->digits = digits;
    number->count += (int32_t)(at - first);
    reader->at = at;
    return at > first || fail_syntax(reader, at, "a digit is missing");
}

static bool read_exponent(struct reader *reader, struct number *number)
{
    bool negative = next_is(reader, '-');
    if (!negative)
        next_is(reader, '+');
    const char *first = reader->at;
    int32_t exponent = 0;
    for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++)
        if (exponent < EXPONENT_MOST)
            exponent = exponent * 10 + (*reader->at - '0');
    number->exponent = negative ? -exponent : exponent;
    return reader->at > first || fail_syntax(reader, reader->at, "a digit is missing");
}

static bool scan_number(struct reader *reader, struct number *number)
{
    number->negative = next_is(reader, '-');
    const char *first = reader->at;
    if (!read_digits(reader, number))
        return false;
    if (*first == '0' && number->count > 1)
        return fail(reader, first, "json-syntax", "a number must not begin with 0");
    if (next_is(reader, '.')) {
        number->whole = false;
        int32_t before = number->count;
        if (!read_digits(reader, number))
            return false;
        number->fraction = number->count - before;
    }
    if (reader->at < reader->end && (*reader->at | 0x20) == 'e') {
        number->whole = false;
        reader->at++;
        return read_exponent(reader, number);
    }
    return true;
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
    uint64_t eight = load_eight(at), digits = eight - 0x3030303030303030u;
    if (((eight + 0x4646464646464646u) | digits) & 0x8080808080808080u)
        return UINT32_MAX;
    digits = digits * 10 + (digits >> 8);
    uint64_t even = (digits & 0x000000ff000000ffu) * (100 + (UINT64_C(1000000) << 32));
    uint64_t odd = (digits >> 16 & 0x000000ff000000ffu) * (1 + (UINT64_C(10000) << 32));
    return (uint32_t)((even + odd) >> 32);
}

/* A whole number of 1 to 18 digits, as counts and times are; false, and nothing read,
 * where it is anything else. */
static inline bool read_plain_integer(struct reader *reader)
{
    const char *at = reader->at, *end = reader->end;
    uint64_t digits = 0;
    for (uint32_t eight; end - at > 8 && at - reader->at < 16; at += 8) {
        if ((eight = eight_digits(at)) == UINT32_MAX)
            break;
        digits = digits * 100000000 + eight;
    }
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (at - reader->at == DIGITS_MOST - 1)
            return false;
        digits = digits * 10 + (uint64_t)(*at - '0');
    }
    bool more = at < end && (*at == '.' || (*at | 0x20) == 'e');
    if (at == reader->at || more || (*reader->at == '0' && at - reader->at > 1))
        return false;
    reader->at = at;
    struct value *value = push(reader);
    *value = (struct value){.kind = VALUE_INT, .flags = VALUE_FLEXIBLE, .integer = (int64_t)digits};
    return true;
}

static bool read_number(struct reader *reader)
{
    if (read_plain_integer(reader))
        return true;
    struct number number = {.start = reader->at, .whole = true};
    if (!scan_number(reader, &number))
        return false;
    struct value value = {.flags = VALUE_FLEXIBLE};
    size_t length = (size_t)(reader->at - number.start);
    if (fits_integer(&number)) {
        value.kind = VALUE_INT;
        value.integer = (int64_t)(number.negative ? 0 - number.digits : number.digits);
    } else {
        value.kind = VALUE_DOUBLE;
        if (number.count > DIGITS_MOST ||
            !decimal_exact(number.digits, number.exponent - number.fraction, &value.real))
            value.real = decimal_read(number.start, length);
        else if (number.negative)
            value.real = -value.real;
        if (!isfinite(value.real))
            return fail(reader, number.start, "json-syntax", "the number is too large");
    }
    /* A spelling costs nothing to keep, and is faster to print than a double. */
    if (value.kind == VALUE_DOUBLE || (number.negative && number.digits == 0)) {
        value.flags |= VALUE_SPELLED;
        value.length = (uint32_t)length;
        value.text = number.start;
    }
    *push(reader) = value;
    return true;
}

/* ---- The rest ---- */

static bool read_word(struct reader *reader, const char *word, size_t length, struct value value)
{
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
        return fail(reader, reader->at, "json-syntax", "a value was expected");
    reader->at += length;
    *push(reader) = value;
    return true;
}

static bool read_value(struct reader *reader);

static bool enter(struct reader *reader)
{
    if (reader->depth_left == 0)
        return fail(reader, reader->at, "json-depth", "nested too deep");
    reader->depth_left--;
    reader->at++;
    skip_space(reader);
    return true;
}

static bool read_list(struct reader *reader)
{
    size_t base = reader->used;
    if (!enter(reader))
        return false;
    if (!next_is(reader, ']')) {
        do {
            if (!read_value(reader))
                return false;
        } while (next_is(reader, ','));
        if (!next_is(reader, ']'))
            return fail_syntax(reader, reader->at, "`,` or `]` was expected");
    }
    uint32_t count = (uint32_t)(reader->used - base);
    struct value list = value_new_list(reader->arena, count);
    if (count)
        memcpy(list.list->items, &reader->stack[base], sizeof *list.list->items * count);
    list.list->count = count;
    reader->used = base;
    reader->depth_left++;
    *push(reader) = list;
    return true;
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
    return a->length == b->length &&
           (a->length == 0 ||
            (a->string[0] == b->string[0] && memcmp(a->string, b->string, a->length) == 0));
}

/* One of 64 bits, by the length and two of the bytes: keys of which each has its own differ. */
static inline uint64_t mark_of(const struct value *key)
{
    if (!key->length)
        return 1;
    unsigned first = (unsigned char)key->string[0],
             last = (unsigned char)key->string[key->length - 1];
    return UINT64_C(1) << ((key->length * 7 + first * 5 + last) & 63);
}

static bool all_differ(const struct value_member *members, uint32_t count)
{
    uint64_t marks = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t mark = mark_of(&members[i].key);
        for (uint32_t j = 0; marks & mark && j < i; j++)
            if (same_key(&members[i].key, &members[j].key))
                return false;
        marks |= mark;
    }
    return true;
}

/* Small maps are copied whole; large ones, and the rare one with a key twice,
 * go member by member through the map's own index. */
static bool close_map(struct reader *reader, size_t base)
{
    const struct value_member *members = (const struct value_member *)&reader->stack[base];
    uint32_t count = (uint32_t)((reader->used - base) / 2);
    struct value map = value_new_map(reader->arena, count);
    if (count <= FEW_MEMBERS && all_differ(members, count)) {
        if (count)
            memcpy(map.map->members, members, sizeof *members * count);
        map.map->count = count;
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

static bool read_member(struct reader *reader)
{
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != '"')
        return fail_syntax(reader, reader->at, "a key in double quotes was expected");
    if (!read_string(reader))
        return false;
    skip_space(reader);
    if (!next_is(reader, ':'))
        return fail_syntax(reader, reader->at, "`:` was expected");
    return read_value(reader);
}

static bool read_map(struct reader *reader)
{
    size_t base = reader->used;
    if (!enter(reader))
        return false;
    if (!next_is(reader, '}')) {
        do {
            if (!read_member(reader))
                return false;
        } while (next_is(reader, ','));
        if (!next_is(reader, '}'))
            return fail_syntax(reader, reader->at, "`,` or `}` was expected");
    }
    return close_map(reader, base);
}

static bool read_kind(struct reader *reader)
{
    switch (*reader->at) {
    case '"':
        return read_string(reader);
    case '{':
        return read_map(reader);
    case '[':
        return read_list(reader);
    case 't':
        return read_word(reader, "true", 4, value_bool(true));
    case 'f':
        return read_word(reader, "false", 5, value_bool(false));
    case 'n':
        return read_word(reader, "null", 4, value_null());
    case '-':
    case '0' ... '9':
        return read_number(reader);
    default:
        return fail(reader, reader->at, "json-syntax", "a value was expected");
    }
}

/* One value, which it leaves on the stack, and the space on both its sides. */
static bool read_value(struct reader *reader)
{
    skip_space(reader);
    if (reader->at == reader->end)
        return fail_syntax(reader, reader->at, "");
    if (reader->nodes_left == 0)
        return fail(reader, reader->at, "json-nodes", "too many values");
    reader->nodes_left--;
    if (!read_kind(reader))
        return false;
    skip_space(reader);
    return true;
}

static bool read_text(struct reader *reader)
{
    size_t length = (size_t)(reader->end - reader->text);
    if (length > reader->limits->bytes || length > INT32_MAX)
        return fail(reader, reader->text, "json-size", "the text is too long");
    if (length >= 3 && memcmp(reader->text, "\xef\xbb\xbf", 3) == 0)
        return fail(reader, reader->text, "json-syntax", "the text begins with a byte order mark");
    if (!read_value(reader))
        return false;
    return reader->at == reader->end ||
           fail(reader, reader->at, "json-syntax", "something follows the value");
}

bool json_read(struct arena *arena, const char *text, size_t length,
               const struct json_limits *limits, struct value *value, struct diag *diag)
{
    struct reader reader;
    reader.at = reader.text = text;
    reader.end = text + length;
    reader.arena = arena;
    reader.limits = limits;
    reader.diag = diag;
    reader.stack = reader.first;
    reader.used = 0;
    reader.capacity = FIRST_STACK;
    reader.nodes_left = limits->nodes;
    reader.depth_left = limits->depth < DEPTH_MOST ? limits->depth : DEPTH_MOST;
    bool whole = read_text(&reader);
    if (whole)
        *value = reader.stack[0];
    if (reader.stack != reader.first)
        free(reader.stack);
    return whole;
}
