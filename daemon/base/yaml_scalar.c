#include "base/yaml_scalar.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/decimal.h"
#include "base/hex.h"

struct word {
    const char *text;
    struct value value;
};

static const struct word words[] = {
    {"", {.kind = VALUE_NULL}},
    {"~", {.kind = VALUE_NULL}},
    {"null", {.kind = VALUE_NULL}},
    {"Null", {.kind = VALUE_NULL}},
    {"NULL", {.kind = VALUE_NULL}},
    {"true", {.kind = VALUE_BOOL, .boolean = true}},
    {"True", {.kind = VALUE_BOOL, .boolean = true}},
    {"TRUE", {.kind = VALUE_BOOL, .boolean = true}},
    {"false", {.kind = VALUE_BOOL, .boolean = false}},
    {"False", {.kind = VALUE_BOOL, .boolean = false}},
    {"FALSE", {.kind = VALUE_BOOL, .boolean = false}},
    {".nan", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = NAN}},
    {".NaN", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = NAN}},
    {".NAN", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = NAN}},
    {".inf", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = INFINITY}},
    {".Inf", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = INFINITY}},
    {".INF", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = INFINITY}},
    {"+.inf", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = INFINITY}},
    {"+.Inf", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = INFINITY}},
    {"+.INF", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = INFINITY}},
    {"-.inf", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = -INFINITY}},
    {"-.Inf", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = -INFINITY}},
    {"-.INF", {.kind = VALUE_DOUBLE, .flags = VALUE_FLEXIBLE, .real = -INFINITY}},
};

enum { WORD_MOST = 5 };

static bool resolve_word(const char *text, size_t length, struct value *value)
{
    if (length > WORD_MOST)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].text) == length && memcmp(words[i].text, text, length) == 0) {
            *value = words[i].value;
            return true;
        }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_digits(const char *text, size_t length, size_t at)
{
    while (at < length && is_digit(text[at]))
        at++;
    return at;
}

enum found { NO_NUMBER, NUMBER, TOO_LARGE };

static enum found put_integer(uint64_t digits, bool negative, struct value *value)
{
    if (digits > (uint64_t)INT64_MAX + negative)
        return TOO_LARGE;
    *value = value_int((int64_t)(negative ? 0 - digits : digits));
    return NUMBER;
}

/* All of `text` as digits in a base. */
static enum found read_base(const char *text, size_t length, int base, uint64_t *number)
{
    bool overflow = false;
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = hex_value(text[i]);
        if (digit < 0 || digit >= base)
            return NO_NUMBER;
        overflow |= __builtin_mul_overflow(*number, base, number) ||
                    __builtin_add_overflow(*number, digit, number);
    }
    return length == 0 ? NO_NUMBER : overflow ? TOO_LARGE : NUMBER;
}

/* 0o17 and 0x1f, which take no sign. */
static enum found resolve_prefixed(const char *text, size_t length, struct value *value)
{
    uint64_t number;
    if (length < 3 || text[0] != '0' || (text[1] != 'o' && text[1] != 'x'))
        return NO_NUMBER;
    enum found found = read_base(text + 2, length - 2, text[1] == 'o' ? 8 : 16, &number);
    return found == NUMBER ? put_integer(number, false, value) : found;
}

/* Past the end of the longest float at the start of `text`: 0 where there is none. */
static size_t float_end(const char *text, size_t length, size_t at)
{
    size_t first = at, digits;
    at = skip_digits(text, length, at);
    digits = at - first;
    if (at < length && text[at] == '.') {
        size_t fraction = ++at;
        at = skip_digits(text, length, at);
        digits += at - fraction;
    }
    if (digits == 0)
        return 0;
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < length && (text[at] == '-' || text[at] == '+'))
            at++;
        if (at == length || !is_digit(text[at]))
            return 0;
        at = skip_digits(text, length, at);
    }
    return at;
}

static enum found resolve_number(const char *text, size_t length, struct value *value)
{
    size_t sign = text[0] == '-' || text[0] == '+';
    uint64_t digits;
    enum found found = read_base(text + sign, length - sign, 10, &digits);
    if (found == NUMBER)
        return put_integer(digits, text[0] == '-', value);
    if (found == TOO_LARGE || float_end(text, length, sign) != length)
        return found;
    *value = value_double(decimal_read(text, length));
    return isfinite(value->real) ? NUMBER : TOO_LARGE;
}

bool yaml_scalar_resolve(const char *text, size_t length, struct value *value)
{
    if (resolve_word(text, length, value))
        return true;
    enum found found = resolve_prefixed(text, length, value);
    if (found == NO_NUMBER)
        found = resolve_number(text, length, value);
    if (found == TOO_LARGE)
        return false;
    if (found == NUMBER)
        value->flags |= VALUE_FLEXIBLE;
    else
        *value = value_string(text, length);
    return true;
}
