/*
 * Exact numbers: an integer of 128 bits and the power of ten by which it is divided. So 0.1 + 0.2
 * is 0.3, and money is not rounded by the way. What needs more than 38 digits goes on as a
 * double, which has 17.
 *
 * A number comes from a value or from a text, is added, divided, rounded, and becomes a value
 * again, a double where it was written with a point. The last part spells doubles as Ruby does.
 */
#include "liquid/liquid_number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/hex.h"
#include "liquid/liquid_lex.h"

/* Numbers of up to 38 digits are exact; those of sums are kept so far below the
 * bound that one addition cannot overflow. */
enum { EXACT_DIGITS = 38, QUOTIENT_DIGITS = 36, TEXT_SIZE = 64, SCALE_MOST = 1200 };

/* Times 10^places, or false where that is too large. */
static bool scale_up(__int128 *digits, int places)
{
    for (; places > 0; places--)
        if (__builtin_mul_overflow(*digits, 10, digits))
            return false;
    return true;
}

static __int128 power_of_ten(int places)
{
    __int128 power = 1;
    while (places-- > 0)
        power *= 10;
    return power;
}

/* Without zeros at the end of a fraction, so that numbers stay short. */
static struct liquid_number trimmed(struct liquid_number number)
{
    while (number.scale > 0 && number.digits % 10 == 0) {
        number.digits /= 10;
        number.scale--;
    }
    return number;
}

/* ---- From doubles ---- */

/* What decimal_print wrote: [-]digits[.digits][e[+-]digits]. */
static struct liquid_number read_printed(const char *text)
{
    struct liquid_number number = {.decimal = true};
    bool negative = *text == '-', fraction = false;
    for (text += negative; *text && *text != 'e'; text++) {
        if (*text == '.') {
            fraction = true;
            continue;
        }
        number.digits = number.digits * 10 + (*text - '0');
        number.scale += fraction;
    }
    if (*text == 'e') {
        bool below = text[1] == '-';
        int exponent = 0;
        for (text += 2; liquid_lex_digit(*text); text++)
            exponent = exponent * 10 + (*text - '0');
        number.scale += below ? exponent : -exponent;
    }
    if (negative)
        number.digits = -number.digits;
    number.minus = negative && number.digits == 0;
    return trimmed(number);
}

/* Most have few digits behind the point: division, which rounds correctly, proves them. */
static bool short_decimal(double real, struct liquid_number *number)
{
    static const double powers[] = {1, 10, 100, 1000, 10000};
    for (int scale = 0; scale < (int)(sizeof powers / sizeof *powers); scale++) {
        double scaled = rint(real * powers[scale]);
        if (fabs(scaled) >= 1e15 || scaled == 0)
            return false;
        if (scaled / powers[scale] == real) {
            *number =
                (struct liquid_number){.decimal = true, .digits = (int64_t)scaled, .scale = scale};
            return true;
        }
    }
    return false;
}

static struct liquid_number number_of_double(double real)
{
    struct liquid_number number;
    if (short_decimal(real, &number))
        return number;
    char text[DECIMAL_TEXT_SIZE];
    decimal_print(real, text);
    return read_printed(text);
}

/* ---- From texts ---- */

/* One more digit, the `count`th that is not a leading zero. What has more than fits is rounded
 * by a double. */
static void add_digit(struct liquid_number *number, char digit, bool fraction, int *count)
{
    if (number->digits || digit != '0')
        ++*count;
    if (*count <= EXACT_DIGITS) {
        number->digits = number->digits * 10 + (digit - '0');
        number->scale += fraction;
    } else if (!fraction) {
        number->scale--;
    }
}

/* Digits with single underscores between them; stops at anything else. */
static void read_digits(const char *at, const char *end, struct liquid_number *number)
{
    int count = 0;
    for (; at < end; at++) {
        if (*at == '_' && count > 0 && end - at > 1 && liquid_lex_digit(at[1]))
            continue;
        if (!liquid_lex_digit(*at))
            break;
        add_digit(number, *at, false, &count);
    }
}

/* -?digits.digits with nothing but blanks around. */
static bool read_decimal(const char *at, const char *end, struct liquid_number *number)
{
    end = liquid_lex_cut_space(at, end);
    bool negative = at < end && *at == '-', fraction = false;
    const char *start = at += negative;
    int count = 0;
    *number = (struct liquid_number){.decimal = true};
    for (; at < end; at++) {
        if (*at == '.' && !fraction && at > start)
            fraction = true;
        else if (liquid_lex_digit(*at))
            add_digit(number, *at, fraction, &count);
        else
            return false;
    }
    if (negative)
        number->digits = -number->digits;
    number->minus = negative && number->digits == 0;
    return fraction && liquid_lex_digit(end[-1]);
}

struct liquid_number liquid_number_text(const char *text, size_t length)
{
    struct liquid_number number;
    const char *end = text + length, *at = liquid_lex_skip_space(text, end);
    if (read_decimal(at, end, &number))
        return trimmed(number);
    number = (struct liquid_number){0};
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    read_digits(at, end, &number);
    if (negative)
        number.digits = -number.digits;
    return number;
}

/* The base that a prefix names, and past it; 010 is octal, 0 alone is not. */
static int read_base(const char **at, const char *end)
{
    static const struct {
        char letter;
        int base;
    } prefixes[] = {{'x', 16}, {'b', 2}, {'o', 8}, {'d', 10}};
    if (end - *at < 2 || **at != '0')
        return 10;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (((*at)[1] | 0x20) == prefixes[i].letter) {
            *at += 2;
            return prefixes[i].base;
        }
    return 8;
}

bool liquid_number_strict(const char *text, size_t length, int64_t *integer)
{
    const char *end = text + length, *at = liquid_lex_skip_space(text, end);
    end = liquid_lex_cut_space(at, end);
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    int base = read_base(&at, end);
    if (at == end || *at == '_' || end[-1] == '_')
        return false;
    __int128 sum = 0;
    for (; at < end; at++) {
        if (*at == '_' && at[-1] != '_')
            continue;
        int digit = hex_value(*at);
        if (digit < 0 || digit >= base)
            return false;
        if (sum <= INT64_MAX)
            sum = sum * base + digit;
    }
    if (sum > INT64_MAX)
        sum = INT64_MAX;
    *integer = (int64_t)(negative ? -sum : sum);
    return true;
}

/* ---- From values, and to values ---- */

bool liquid_number_is_spelled(const struct value *value)
{
    return (value->flags & VALUE_SPELLED) && !memchr(value->text, '.', value->length) &&
           !memchr(value->text, 'e', value->length) && !memchr(value->text, 'E', value->length);
}

bool liquid_number_of(const struct value *value, struct liquid_number *number)
{
    *number = (struct liquid_number){0};
    switch ((enum value_kind)value->kind) {
    case VALUE_INT:
        number->digits = value->integer;
        return true;
    case VALUE_UINT:
        number->digits = value->natural;
        return true;
    case VALUE_DOUBLE:
        if (liquid_number_is_spelled(value))
            *number = liquid_number_text(value->text, value->length);
        else if (isfinite(value->real))
            *number = number_of_double(value->real);
        else
            return false;
        return true;
    case VALUE_STRING:
        *number = liquid_number_text(value->string, value->length);
        return true;
    default:
        return true;
    }
}

/* Digits without sign; returns where they begin in `text`. */
static const char *print_digits(__int128 digits, char text[TEXT_SIZE])
{
    unsigned __int128 left = digits < 0 ? -(unsigned __int128)digits : (unsigned __int128)digits;
    char *at = &text[TEXT_SIZE - 1];
    *at = '\0';
    do {
        *--at = (char)('0' + (int)(left % 10));
        left /= 10;
    } while (left);
    return at;
}

static double number_to_double(const struct liquid_number *number)
{
    double real;
    if (number->digits == 0)
        return number->minus ? -0.0 : 0.0;
    __int128 size = number->digits < 0 ? -number->digits : number->digits;
    if (size < ((__int128)1 << 53) && decimal_exact((uint64_t)size, -number->scale, &real))
        return number->digits < 0 ? -real : real;
    char digits[TEXT_SIZE], text[TEXT_SIZE + 16];
    int length = snprintf(text, sizeof text, "%s%se%d", number->digits < 0 ? "-" : "",
                          print_digits(number->digits, digits), -number->scale);
    return decimal_read(text, (size_t)length);
}

static struct value big_integer(struct arena *arena, const struct liquid_number *number)
{
    char digits[TEXT_SIZE];
    const char *text = print_digits(number->digits, digits);
    int zeros = number->scale < 0 ? -number->scale : 0;
    char *copy = arena_printf(arena, "%s%s%0*d", number->digits < 0 ? "-" : "", text, zeros, 0);
    size_t length = strlen(copy) - (zeros == 0);
    copy[length] = '\0';
    return (struct value){.kind = VALUE_DOUBLE,
                          .flags = VALUE_SPELLED,
                          .length = (uint32_t)length,
                          .real = number_to_double(number),
                          .text = copy};
}

struct value liquid_number_value(struct arena *arena, const struct liquid_number *number)
{
    if (number->decimal)
        return value_double(number_to_double(number));
    if (number->scale == 0 && number->digits >= INT64_MIN && number->digits <= INT64_MAX)
        return value_int((int64_t)number->digits);
    return big_integer(arena, number);
}

/* ---- Sums ---- */

/* Both with the same scale; false where one would not fit. */
static bool align(struct liquid_number *a, struct liquid_number *b)
{
    struct liquid_number *less = a->scale < b->scale ? a : b;
    int scale = a->scale < b->scale ? b->scale : a->scale;
    if (less->digits == 0) {
        less->scale = scale;
        return true;
    }
    if (scale - less->scale > EXACT_DIGITS || !scale_up(&less->digits, scale - less->scale))
        return false;
    less->scale = scale;
    return true;
}

static struct liquid_number rounded(double real, bool decimal)
{
    if (!isfinite(real))
        real = real > 0 ? 1.7976931348623157e308 : -1.7976931348623157e308;
    struct liquid_number number = number_of_double(real);
    number.decimal = decimal;
    return number;
}

struct liquid_number liquid_number_add(struct liquid_number a, struct liquid_number b)
{
    struct liquid_number sum = {.decimal = a.decimal || b.decimal, .minus = a.minus && b.minus};
    struct liquid_number x = a, y = b;
    if (align(&x, &y) && !__builtin_add_overflow(x.digits, y.digits, &sum.digits)) {
        sum.scale = x.scale;
        return trimmed(sum);
    }
    return rounded(number_to_double(&a) + number_to_double(&b), sum.decimal);
}

struct liquid_number liquid_number_negate(struct liquid_number a)
{
    a.digits = -a.digits;
    a.minus = a.decimal && a.digits == 0 && !a.minus;
    return a;
}

static bool is_below(struct liquid_number a)
{
    return a.digits < 0 || (a.digits == 0 && a.minus);
}

struct liquid_number liquid_number_multiply(struct liquid_number a, struct liquid_number b)
{
    struct liquid_number product = {
        .decimal = a.decimal || b.decimal,
        .scale = a.scale + b.scale,
        .minus = is_below(a) != is_below(b),
    };
    if (!__builtin_mul_overflow(a.digits, b.digits, &product.digits) &&
        product.scale > -SCALE_MOST && product.scale < SCALE_MOST)
        return trimmed(product);
    return rounded(number_to_double(&a) * number_to_double(&b), product.decimal);
}

static __int128 divide_down(__int128 a, __int128 b)
{
    __int128 quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

bool liquid_number_divide(struct liquid_number a, struct liquid_number b,
                          struct liquid_number *quotient)
{
    if (b.digits == 0)
        return false;
    *quotient = (struct liquid_number){.decimal = a.decimal || b.decimal,
                                       .minus = is_below(a) != is_below(b)};
    if (!quotient->decimal && align(&a, &b)) {
        quotient->digits = divide_down(a.digits, b.digits);
        return true;
    }
    __int128 bound = power_of_ten(QUOTIENT_DIGITS);
    while (a.digits && a.digits < bound && a.digits > -bound) {
        a.digits *= 10;
        a.scale++;
    }
    quotient->digits = a.digits / b.digits;
    quotient->scale = a.scale - b.scale;
    if (!quotient->decimal)
        *quotient = liquid_number_floor(*quotient);
    else
        *quotient = trimmed(*quotient);
    return true;
}

bool liquid_number_modulo(struct liquid_number a, struct liquid_number b,
                          struct liquid_number *remainder)
{
    if (b.digits == 0)
        return false;
    bool decimal = a.decimal || b.decimal;
    struct liquid_number x = a, y = b;
    if (!align(&x, &y)) {
        double divisor = number_to_double(&b), left = fmod(number_to_double(&a), divisor);
        *remainder =
            rounded(left != 0 && (left < 0) != (divisor < 0) ? left + divisor : left, decimal);
        return true;
    }
    *remainder = (struct liquid_number){
        .decimal = decimal,
        .digits = x.digits - divide_down(x.digits, y.digits) * y.digits,
        .scale = x.scale,
    };
    *remainder = trimmed(*remainder);
    return true;
}

int liquid_number_compare(struct liquid_number a, struct liquid_number b)
{
    struct liquid_number x = a, y = b;
    if (align(&x, &y))
        return (x.digits > y.digits) - (x.digits < y.digits);
    double left = number_to_double(&a), right = number_to_double(&b);
    return (left > right) - (left < right);
}

/* ---- Rounding ---- */

struct liquid_number liquid_number_round(struct liquid_number a, int64_t places)
{
    if (places <= 0)
        a.decimal = false;
    if (a.scale <= places)
        return a;
    int64_t drop = a.scale - places;
    bool minus = a.decimal && is_below(a);
    if (drop > EXACT_DIGITS) /* below half a unit */
        return (struct liquid_number){.decimal = a.decimal, .minus = minus};
    __int128 unit = power_of_ten((int)drop), half = unit / 2;
    __int128 rest = a.digits % unit, kept = a.digits / unit;
    if (rest >= half || rest <= -half)
        kept += a.digits < 0 ? -1 : 1;
    a.digits = kept;
    a.minus = minus && kept == 0;
    a.scale = (int)places;
    if (places < 0 && scale_up(&a.digits, (int)-places))
        a.scale = 0;
    return trimmed(a);
}

static struct liquid_number to_whole(struct liquid_number a, int towards)
{
    a.decimal = false;
    if (a.scale < 0 && -a.scale <= EXACT_DIGITS) {
        struct liquid_number whole = a;
        if (scale_up(&whole.digits, -a.scale)) {
            whole.scale = 0;
            return whole;
        }
    }
    if (a.scale <= 0)
        return a;
    __int128 unit = a.scale > EXACT_DIGITS ? power_of_ten(EXACT_DIGITS) : power_of_ten(a.scale);
    __int128 kept = a.scale > EXACT_DIGITS ? 0 : a.digits / unit;
    bool rest = a.scale > EXACT_DIGITS ? a.digits != 0 : a.digits % unit != 0;
    if (rest && towards < 0 && a.digits < 0)
        kept--;
    if (rest && towards > 0 && a.digits > 0)
        kept++;
    return (struct liquid_number){.digits = kept};
}

struct liquid_number liquid_number_floor(struct liquid_number a)
{
    return to_whole(a, -1);
}

struct liquid_number liquid_number_ceil(struct liquid_number a)
{
    return to_whole(a, 1);
}

int64_t liquid_number_truncate(const struct liquid_number *number)
{
    struct liquid_number whole = to_whole(*number, 0);
    if (whole.scale < 0 || whole.digits > INT64_MAX || whole.digits < INT64_MIN)
        return whole.digits < 0 ? INT64_MIN : INT64_MAX;
    return (int64_t)whole.digits;
}

/* ---- As Ruby spells them ---- */

/* Digits d and exponent e of d[0].d[1]… * 10^e, as the reference implementation
 * spells them: plain from 0.0001 up to 15 digits before the point, and where digits stand behind
 * it. */
static size_t spell(const char *digits, int count, int exponent, char *out)
{
    char *to = out;
    int point = exponent + 1; /* digits before the point */
    if (point < -3 || (point > 15 && count <= point)) {
        *to++ = digits[0];
        *to++ = '.';
        memcpy(to, count > 1 ? digits + 1 : "0", count > 1 ? (size_t)count - 1 : 1);
        to += count > 1 ? count - 1 : 1;
        return (size_t)(to - out) +
               (size_t)snprintf(to, 8, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    }
    if (point <= 0) {
        *to++ = '0';
        *to++ = '.';
        for (; point < 0; point++)
            *to++ = '0';
        memcpy(to, digits, (size_t)count);
        return (size_t)(to + count - out);
    }
    for (int i = 0; i < count || i <= point; i++) {
        if (i == point)
            *to++ = '.';
        *to++ = i < count ? digits[i] : '0';
    }
    return (size_t)(to - out);
}

size_t liquid_number_print(double real, char out[LIQUID_NUMBER_TEXT_SIZE])
{
    double size = fabs(real);
    if (size >= 1e-4 && size < 1e15) /* here the shortest decimal is spelled alike */
        return decimal_print(real, out);
    if (!isfinite(real)) {
        const char *text = isnan(real) ? "NaN" : real > 0 ? "Infinity" : "-Infinity";
        memcpy(out, text, strlen(text));
        return strlen(text);
    }
    if (real == 0) {
        memcpy(out, signbit(real) ? "-0.0" : "0.0", 4);
        return signbit(real) ? 4 : 3;
    }
    char digits[TEXT_SIZE];
    struct liquid_number number = number_of_double(real);
    while (number.digits % 10 == 0) {
        number.digits /= 10;
        number.scale--;
    }
    const char *text = print_digits(number.digits, digits);
    int count = (int)strlen(text);
    size_t sign = real < 0;
    *out = '-';
    return sign + spell(text, count, count - 1 - number.scale, out + sign);
}
