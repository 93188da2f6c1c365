/*
 * Arithmetic is one function for each type, which sees two operands of that type
 * (operate_same) and says what overflows. Strict operands come there as they are; where one is
 * flexible, operate_flexible first finds the type in which both take part (common_kind), and
 * turns to doubles where integers cannot hold what comes out.
 */
#include "cel/cel_number.h"

#include <math.h>

#include "cel/cel_value.h"

static const char no_overload[] = "no such operation: %a %o %b";
static const char overflow[] = "integer overflow";
static const char by_zero[] = "division by zero";

bool cel_number_in_int(double real)
{
    return real > -9223372036854775808.0 && real < 9223372036854775808.0;
}

bool cel_number_in_uint(double real)
{
    return real > -1.0 && real < 18446744073709551616.0;
}

static bool fit_int(const struct value *from, struct value *to)
{
    if (from->kind == VALUE_UINT && from->natural <= INT64_MAX)
        *to = value_int((int64_t)from->natural);
    else if (from->kind == VALUE_DOUBLE && cel_number_in_int(from->real) &&
             floor(from->real) == from->real)
        *to = value_int((int64_t)from->real);
    else
        return false;
    return true;
}

static bool fit_uint(const struct value *from, struct value *to)
{
    *to = (struct value){.kind = VALUE_UINT};
    if (from->kind == VALUE_INT && from->integer >= 0)
        to->natural = (uint64_t)from->integer;
    else if (from->kind == VALUE_DOUBLE && cel_number_in_uint(from->real) &&
             floor(from->real) == from->real)
        to->natural = (uint64_t)from->real;
    else
        return false;
    return true;
}

bool cel_number_fit(const struct value *from, enum value_kind kind, struct value *to)
{
    if (from->kind == kind) {
        *to = *from;
        return true;
    }
    if (kind == VALUE_INT)
        return fit_int(from, to);
    if (kind == VALUE_UINT)
        return fit_uint(from, to);
    *to = value_double(from->kind == VALUE_INT ? (double)from->integer : (double)from->natural);
    return kind == VALUE_DOUBLE;
}

static const char *operate_int(enum cel_operator op, int64_t a, int64_t b, struct value *result)
{
    *result = value_int(0);
    switch (op) {
    case CEL_ADD:
        return __builtin_add_overflow(a, b, &result->integer) ? overflow : NULL;
    case CEL_SUBTRACT:
        return __builtin_sub_overflow(a, b, &result->integer) ? overflow : NULL;
    case CEL_MULTIPLY:
        return __builtin_mul_overflow(a, b, &result->integer) ? overflow : NULL;
    default:
        break;
    }
    if (b == 0)
        return op == CEL_DIVIDE ? by_zero : "remainder of a division by zero";
    if (a == INT64_MIN && b == -1)
        return overflow;
    result->integer = op == CEL_DIVIDE ? a / b : a % b;
    return NULL;
}

static const char *operate_uint(enum cel_operator op, uint64_t a, uint64_t b, struct value *result)
{
    *result = (struct value){.kind = VALUE_UINT};
    switch (op) {
    case CEL_ADD:
        return __builtin_add_overflow(a, b, &result->natural) ? overflow : NULL;
    case CEL_SUBTRACT:
        return __builtin_sub_overflow(a, b, &result->natural) ? overflow : NULL;
    case CEL_MULTIPLY:
        return __builtin_mul_overflow(a, b, &result->natural) ? overflow : NULL;
    default:
        break;
    }
    if (b == 0)
        return op == CEL_DIVIDE ? by_zero : "remainder of a division by zero";
    result->natural = op == CEL_DIVIDE ? a / b : a % b;
    return NULL;
}

static const char *operate_double(enum cel_operator op, double a, double b, struct value *result)
{
    switch (op) {
    case CEL_ADD:
        *result = value_double(a + b);
        return NULL;
    case CEL_SUBTRACT:
        *result = value_double(a - b);
        return NULL;
    case CEL_MULTIPLY:
        *result = value_double(a * b);
        return NULL;
    case CEL_DIVIDE:
        *result = value_double(a / b);
        return NULL;
    default:
        return no_overload;
    }
}

static const char *operate_same(enum cel_operator op, const struct value *a, const struct value *b,
                                struct value *result)
{
    if (a->kind == VALUE_INT)
        return operate_int(op, a->integer, b->integer, result);
    if (a->kind == VALUE_UINT)
        return operate_uint(op, a->natural, b->natural, result);
    return operate_double(op, a->real, b->real, result);
}

static bool is_zero(const struct value *value)
{
    return value->kind == VALUE_DOUBLE ? value->real == 0 : value->natural == 0;
}

/* The type in which both take part: the strict one's; of two flexible ones int if
 * both are integers; double where that does not hold one of them. */
static enum value_kind common_kind(const struct value *a, const struct value *b)
{
    enum value_kind kind = !cel_is_flexible(a) ? a->kind : b->kind;
    struct value fitted;
    if (cel_number_fit(a, kind, &fitted) && cel_number_fit(b, kind, &fitted))
        return kind;
    return VALUE_DOUBLE;
}

static const char *operate_flexible(enum cel_operator op, const struct value *a,
                                    const struct value *b, struct value *result)
{
    struct value x = *a, y = *b;
    bool divides = op == CEL_DIVIDE || op == CEL_REMAINDER;
    if (divides && is_zero(b))
        return by_zero;
    enum value_kind kind = common_kind(a, b);
    if (op == CEL_REMAINDER && kind == VALUE_DOUBLE)
        kind = VALUE_INT;
    if (!cel_number_fit(a, kind, &x) || !cel_number_fit(b, kind, &y))
        return "the remainder of numbers that are not whole";
    const char *fault = operate_same(op, &x, &y, result);
    bool rest = op == CEL_DIVIDE && kind == VALUE_INT && !fault && x.integer % y.integer != 0;
    bool unsigned_rest =
        op == CEL_DIVIDE && kind == VALUE_UINT && !fault && x.natural % y.natural != 0;
    if ((fault == overflow || rest || unsigned_rest) && op != CEL_REMAINDER) {
        cel_number_fit(a, VALUE_DOUBLE, &x);
        cel_number_fit(b, VALUE_DOUBLE, &y);
        fault = operate_double(op, x.real, y.real, result);
    }
    result->flags = VALUE_FLEXIBLE;
    return fault;
}

const char *cel_number_operate(enum cel_operator op, const struct value *a, const struct value *b,
                               struct value *result)
{
    if ((a->flags | b->flags) & VALUE_FLEXIBLE)
        return operate_flexible(op, a, b, result);
    if (a->kind != b->kind)
        return no_overload;
    return operate_same(op, a, b, result);
}

const char *cel_number_negate(const struct value *a, struct value *result)
{
    if (a->kind == VALUE_UINT)
        return "no such operation: -%a";
    if (a->kind == VALUE_DOUBLE)
        *result = value_double(-a->real);
    else if (a->integer == INT64_MIN)
        return overflow;
    else
        *result = value_int(-a->integer);
    result->flags = a->flags & VALUE_FLEXIBLE;
    return NULL;
}

/* ---- Order ---- */

static enum cel_order compare_doubles(double a, double b)
{
    if (isnan(a) || isnan(b))
        return CEL_ORDER_NONE;
    return cel_order_of(a<b, a> b);
}

static double as_double(const struct value *value)
{
    return value->kind == VALUE_DOUBLE ? value->real
           : value->kind == VALUE_INT  ? (double)value->integer
                                       : (double)value->natural;
}

enum cel_order cel_number_compare(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_DOUBLE || b->kind == VALUE_DOUBLE)
        return compare_doubles(as_double(a), as_double(b));
    bool a_negative = a->kind == VALUE_INT && a->integer < 0;
    bool b_negative = b->kind == VALUE_INT && b->integer < 0;
    if (a_negative || b_negative) {
        if (a_negative && b_negative)
            return cel_order_of(a->integer<b->integer, a->integer> b->integer);
        return a_negative ? CEL_ORDER_LESS : CEL_ORDER_GREATER;
    }
    return cel_order_of(a->natural<b->natural, a->natural> b->natural);
}
