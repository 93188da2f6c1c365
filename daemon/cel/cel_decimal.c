/*
 * A decimal is a whole number of up to 34 digits, and how many of them stand behind the point.
 * 128 bits hold 38 digits; what needs more is seen by the overflow.
 *
 * Every operation goes by the same steps: both sides become decimals (from_number: a number of
 * a document by the digits it was spelled with), get the same number of places (align), and
 * the result drops zeros until it is within bounds (shrink). Nothing is ever rounded: what does
 * not fit is an error, and to a comparison it says which number is the larger.
 */
#include "cel/cel_decimal.h"

#include <string.h>

#include "base/decimal.h"
#include "cel/cel_value.h"

typedef unsigned __int128 wide;

static const char too_long[] = "the exact result has more than 34 digits";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* 10^power; power at most 38. */
static wide ten_to(uint32_t power)
{
    wide result = 1;
    while (power-- > 0)
        result *= 10;
    return result;
}

static bool scale_up(wide digits, uint32_t power, wide *result)
{
    return power <= 38 && !__builtin_mul_overflow(digits, ten_to(power), result);
}

/* Drops zeros behind the point until the number is within its bounds. */
static bool shrink(struct cel_decimal *decimal)
{
    while (
        (decimal->digits >= ten_to(CEL_DECIMAL_DIGITS) || decimal->places > CEL_DECIMAL_DIGITS) &&
        decimal->places > 0 && decimal->digits % 10 == 0) {
        decimal->digits /= 10;
        decimal->places--;
    }
    return decimal->digits < ten_to(CEL_DECIMAL_DIGITS) && decimal->places <= CEL_DECIMAL_DIGITS;
}

static struct value wrap(struct arena *arena, const struct cel_decimal *decimal)
{
    /* Arenas align to 8 bytes, a 128-bit number wants 16. */
    uintptr_t place = (uintptr_t)arena_alloc(arena, sizeof *decimal + 8);
    struct cel_decimal *copy = (struct cel_decimal *)((place + 15) & ~(uintptr_t)15);
    *copy = *decimal;
    return (struct value){.kind = VALUE_EXTENSION, .length = CEL_EXTENSION_DECIMAL, .other = copy};
}

/* ---- Text ---- */

/* Reads digits with at most one point among them; false where there are none, or too many. */
static bool read_digits(const char *text, size_t length, size_t *at, struct cel_decimal *decimal)
{
    const wide full = ten_to(CEL_DECIMAL_DIGITS - 1);
    bool point = false, any = false;
    for (; *at < length; ++*at) {
        char c = text[*at];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(c))
            break;
        any = true;
        if (decimal->digits >= full)
            return false;
        decimal->digits = decimal->digits * 10 + (unsigned)(c - '0');
        decimal->places += point;
    }
    return any && decimal->places <= CEL_DECIMAL_DIGITS && (!point || is_digit(text[*at - 1]));
}

static bool read_exponent(const char *text, size_t length, size_t *at, int32_t *exponent)
{
    bool negative = *at < length && text[*at] == '-';
    if (*at < length && (text[*at] == '-' || text[*at] == '+'))
        ++*at;
    if (*at == length)
        return false;
    for (; *at < length && is_digit(text[*at]) && *exponent < 1000; ++*at)
        *exponent = *exponent * 10 + (text[*at] - '0');
    if (negative)
        *exponent = -*exponent;
    return true;
}

static bool apply_exponent(struct cel_decimal *decimal, int32_t exponent)
{
    int32_t places = (int32_t)decimal->places - exponent;
    if (decimal->digits == 0)
        places = places < 0 ? 0 : places > CEL_DECIMAL_DIGITS ? CEL_DECIMAL_DIGITS : places;
    if (places >= 0) {
        decimal->places = (uint32_t)places;
        return shrink(decimal);
    }
    decimal->places = 0;
    return scale_up(decimal->digits, (uint32_t)-places, &decimal->digits) && shrink(decimal);
}

static bool parse(const char *text, size_t length, struct cel_decimal *decimal)
{
    size_t at = 0;
    int32_t exponent = 0;
    *decimal = (struct cel_decimal){.negative = length > 0 && text[0] == '-'};
    if (length > 0 && (text[0] == '-' || text[0] == '+'))
        at++;
    if (at == length || !is_digit(text[at]) || !read_digits(text, length, &at, decimal))
        return false;
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (!read_exponent(text, length, &at, &exponent))
            return false;
    }
    return at == length && apply_exponent(decimal, exponent);
}

bool cel_decimal_parse(struct arena *arena, const char *text, size_t length, struct value *result)
{
    struct cel_decimal decimal;
    if (!parse(text, length, &decimal))
        return false;
    *result = wrap(arena, &decimal);
    return true;
}

size_t cel_decimal_text(const struct value *decimal, char out[CEL_DECIMAL_TEXT_SIZE])
{
    const struct cel_decimal *from = decimal->other;
    char backwards[CEL_DECIMAL_TEXT_SIZE];
    uint32_t count = 0;
    wide digits = from->digits;
    do {
        backwards[count++] = (char)('0' + (int)(digits % 10));
        digits /= 10;
        if (count == from->places)
            backwards[count++] = '.';
    } while (digits > 0 || count <= from->places + (from->places > 0));
    size_t length = 0;
    if (from->negative && from->digits != 0)
        out[length++] = '-';
    while (count > 0)
        out[length++] = backwards[--count];
    out[length] = '\0';
    return length;
}

/* ---- Numbers ---- */

/* A number's digits: those that a document spelled, else the shortest ones. */
static bool from_number(const struct value *number, struct cel_decimal *decimal)
{
    char text[DECIMAL_TEXT_SIZE];
    if (number->kind == VALUE_EXTENSION) {
        *decimal = *(const struct cel_decimal *)number->other;
        return true;
    }
    if ((number->flags & VALUE_SPELLED) && parse(number->text, number->length, decimal))
        return true;
    size_t length = number->kind == VALUE_INT    ? decimal_print_int(number->integer, text)
                    : number->kind == VALUE_UINT ? decimal_print_natural(number->natural, text)
                                                 : decimal_print(number->real, text);
    if (length > 2 && memcmp(text + length - 2, ".0", 2) == 0)
        length -= 2;
    return parse(text, length, decimal);
}

bool cel_decimal_from(struct arena *arena, const struct value *number, struct value *result)
{
    struct cel_decimal decimal;
    if (!from_number(number, &decimal))
        return false;
    *result = wrap(arena, &decimal);
    return true;
}

bool cel_decimal_to_int(const struct value *decimal, int64_t *number)
{
    const struct cel_decimal *from = decimal->other;
    wide whole = from->digits / ten_to(from->places);
    if (whole > (wide)INT64_MAX)
        return false;
    *number = from->negative ? -(int64_t)whole : (int64_t)whole;
    return true;
}

double cel_decimal_to_double(const struct value *decimal)
{
    char text[CEL_DECIMAL_TEXT_SIZE];
    return decimal_read(text, cel_decimal_text(decimal, text));
}

/* ---- Arithmetic and comparison ---- */

/* Both with the same number of places. */
static bool align(struct cel_decimal *a, struct cel_decimal *b)
{
    struct cel_decimal *shorter = a->places < b->places ? a : b;
    uint32_t places = a->places > b->places ? a->places : b->places;
    if (!scale_up(shorter->digits, places - shorter->places, &shorter->digits))
        return false;
    shorter->places = places;
    return true;
}

static bool add(struct cel_decimal a, struct cel_decimal b, struct cel_decimal *sum)
{
    if (!align(&a, &b))
        return false;
    sum->places = a.places;
    if (a.negative == b.negative) {
        sum->negative = a.negative;
        return !__builtin_add_overflow(a.digits, b.digits, &sum->digits) && shrink(sum);
    }
    bool a_larger = a.digits >= b.digits;
    sum->negative = a_larger ? a.negative : b.negative;
    sum->digits = a_larger ? a.digits - b.digits : b.digits - a.digits;
    return shrink(sum);
}

/* Fewer zeros behind the point, where they stand in the way of a product. */
static void strip(struct cel_decimal *decimal)
{
    for (; decimal->places > 0 && decimal->digits % 10 == 0; decimal->places--)
        decimal->digits /= 10;
}

static bool multiply(struct cel_decimal a, struct cel_decimal b, struct cel_decimal *product)
{
    product->negative = a.negative != b.negative;
    if (__builtin_mul_overflow(a.digits, b.digits, &product->digits)) {
        strip(&a);
        strip(&b);
        if (__builtin_mul_overflow(a.digits, b.digits, &product->digits))
            return false;
    }
    product->places = a.places + b.places;
    return shrink(product);
}

static bool is_strict_double(const struct value *value)
{
    return value->kind == VALUE_DOUBLE && !(value->flags & VALUE_FLEXIBLE);
}

static bool is_operand(const struct value *value)
{
    return cel_is_number(value) || cel_kind(value) == CEL_KIND_DECIMAL;
}

const char *cel_decimal_operate(struct arena *arena, enum cel_operator op, const struct value *a,
                                const struct value *b, struct value *result)
{
    struct cel_decimal x, y, exact;
    if (!is_operand(a) || !is_operand(b) ||
        (op != CEL_ADD && op != CEL_SUBTRACT && op != CEL_MULTIPLY))
        return "no such operation: %a %o %b";
    if (is_strict_double(a) || is_strict_double(b))
        return "a double is not exact: write decimal(\"0.9\") to compute with a decimal";
    if (!from_number(a, &x) || !from_number(b, &y))
        return too_long;
    if (op == CEL_SUBTRACT)
        y.negative = !y.negative;
    bool fine = op == CEL_MULTIPLY ? multiply(x, y, &exact) : add(x, y, &exact);
    if (!fine)
        return too_long;
    *result = wrap(arena, &exact);
    return NULL;
}

const char *cel_decimal_negate(struct arena *arena, const struct value *a, struct value *result)
{
    struct cel_decimal negated = *(const struct cel_decimal *)a->other;
    negated.negative = !negated.negative;
    *result = wrap(arena, &negated);
    return NULL;
}

static enum cel_order compare_exact(struct cel_decimal a, struct cel_decimal b)
{
    a.negative = a.negative && a.digits != 0;
    b.negative = b.negative && b.digits != 0;
    if (a.negative != b.negative)
        return a.negative ? CEL_ORDER_LESS : CEL_ORDER_GREATER;
    bool a_shorter = a.places < b.places, more;
    if (align(&a, &b)) {
        if (a.digits == b.digits)
            return CEL_ORDER_EQUAL;
        more = a.digits > b.digits;
    } else {
        more = a_shorter; /* so large that it cannot be written with the other's places */
    }
    return more != a.negative ? CEL_ORDER_GREATER : CEL_ORDER_LESS;
}

enum cel_order cel_decimal_compare(const struct value *a, const struct value *b)
{
    struct cel_decimal x, y;
    if (!is_operand(a) || !is_operand(b))
        return CEL_ORDER_NONE;
    if (from_number(a, &x) && from_number(b, &y))
        return compare_exact(x, y);
    /* NaN, an infinity, or a double with too many digits. */
    struct value p = value_double(0), q = p;
    p.real =
        cel_is_number(a) ? (cel_number_fit(a, VALUE_DOUBLE, &p), p.real) : cel_decimal_to_double(a);
    q.real =
        cel_is_number(b) ? (cel_number_fit(b, VALUE_DOUBLE, &q), q.real) : cel_decimal_to_double(b);
    return cel_number_compare(&p, &q);
}
