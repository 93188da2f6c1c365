/*
 * The math extension (cel-go, ext/README.md, "Math"): the table at the end says which function
 * answers for which types; most are a line of <math.h> with the errors that CEL wants.
 */
#include <math.h>

#include "cel/cel_function.h"
#include "cel/cel_number.h"
#include "cel/cel_value.h"

/* Of all arguments, or of the elements of the one list. The first of equals wins. */
static bool choose(struct cel_call *call, enum cel_order wanted)
{
    const struct value *items = call->arguments;
    uint32_t count = call->count;
    if (count == 1 && items->kind == VALUE_LIST) {
        const struct value_list *list = items->list;
        items = list->items;
        count = list->count;
    }
    if (count == 0)
        return cel_call_fail(call, "%f() of an empty list");
    if (!cel_spend(call->run, call->node, count))
        return false;
    const struct value *best = &items[0];
    for (uint32_t i = 0; i < count; i++) {
        if (!cel_is_number(&items[i]))
            return cel_fail_with(call->run, call->node, "%f() is not for %a", &items[i], &items[i]);
        if (cel_number_compare(&items[i], best) == wanted)
            best = &items[i];
    }
    *call->result = *best;
    return true;
}

static bool greatest(struct cel_call *call)
{
    return choose(call, CEL_ORDER_GREATER);
}

static bool least(struct cel_call *call)
{
    return choose(call, CEL_ORDER_LESS);
}

static bool give_double(struct cel_call *call, double real)
{
    *call->result = value_double(real);
    return true;
}

static bool ceiling(struct cel_call *call)
{
    return give_double(call, ceil(call->arguments[0].real));
}

static bool floor_of(struct cel_call *call)
{
    return give_double(call, floor(call->arguments[0].real));
}

static bool round_of(struct cel_call *call)
{
    return give_double(call, round(call->arguments[0].real));
}

static bool truncate_of(struct cel_call *call)
{
    return give_double(call, trunc(call->arguments[0].real));
}

static bool sqrt_of(struct cel_call *call)
{
    double number = 0;
    value_to_double(&call->arguments[0], &number);
    return give_double(call, sqrt(number));
}

static bool abs_int(struct cel_call *call)
{
    int64_t number = call->arguments[0].integer;
    if (number == INT64_MIN)
        return cel_call_fail(call, "integer overflow");
    *call->result = value_int(number < 0 ? -number : number);
    return true;
}

static bool abs_double(struct cel_call *call)
{
    return give_double(call, fabs(call->arguments[0].real));
}

static bool same(struct cel_call *call)
{
    *call->result = call->arguments[0];
    return true;
}

static bool sign_int(struct cel_call *call)
{
    int64_t number = call->arguments[0].integer;
    *call->result = value_int((number > 0) - (number < 0));
    return true;
}

static bool sign_uint(struct cel_call *call)
{
    *call->result = (struct value){.kind = VALUE_UINT, .natural = call->arguments[0].natural > 0};
    return true;
}

static bool sign_double(struct cel_call *call)
{
    double real = call->arguments[0].real;
    return give_double(call, isnan(real) ? real : (real > 0) - (real < 0));
}

static bool is_nan(struct cel_call *call)
{
    *call->result = value_bool(isnan(call->arguments[0].real));
    return true;
}

static bool is_inf(struct cel_call *call)
{
    *call->result = value_bool(isinf(call->arguments[0].real));
    return true;
}

static bool is_finite(struct cel_call *call)
{
    *call->result = value_bool(isfinite(call->arguments[0].real));
    return true;
}

/* Bits are the same whether the number is an int or a uint. */
static bool give_bits(struct cel_call *call, uint64_t bits)
{
    *call->result = (struct value){.kind = call->arguments[0].kind, .natural = bits};
    return true;
}

static bool bit_and(struct cel_call *call)
{
    return give_bits(call, call->arguments[0].natural & call->arguments[1].natural);
}

static bool bit_or(struct cel_call *call)
{
    return give_bits(call, call->arguments[0].natural | call->arguments[1].natural);
}

static bool bit_xor(struct cel_call *call)
{
    return give_bits(call, call->arguments[0].natural ^ call->arguments[1].natural);
}

static bool bit_not(struct cel_call *call)
{
    return give_bits(call, ~call->arguments[0].natural);
}

static bool shift_left(struct cel_call *call)
{
    int64_t places = call->arguments[1].integer;
    if (places < 0)
        return cel_call_fail(call, "a shift by a negative number of bits");
    return give_bits(call, places > 63 ? 0 : call->arguments[0].natural << places);
}

/* Zeros come in from the left, for an int too. */
static bool shift_right(struct cel_call *call)
{
    int64_t places = call->arguments[1].integer;
    if (places < 0)
        return cel_call_fail(call, "a shift by a negative number of bits");
    return give_bits(call, places > 63 ? 0 : call->arguments[0].natural >> places);
}

const struct cel_function cel_functions_math[] = {
    {"math.abs", "i>i", abs_int, "the number without its sign"},
    {"math.abs", "d>d", abs_double, "the number without its sign"},
    {"math.abs", "u>u", same, "the number itself"},
    {"math.bitAnd", "ii>i", bit_and, "bits that both have"},
    {"math.bitAnd", "uu>u", bit_and, "bits that both have"},
    {"math.bitNot", "i>i", bit_not, "all bits the other way round"},
    {"math.bitNot", "u>u", bit_not, "all bits the other way round"},
    {"math.bitOr", "ii>i", bit_or, "bits that either has"},
    {"math.bitOr", "uu>u", bit_or, "bits that either has"},
    {"math.bitShiftLeft", "ii>i", shift_left, "bits moved up"},
    {"math.bitShiftLeft", "ui>u", shift_left, "bits moved up"},
    {"math.bitShiftRight", "ii>i", shift_right, "bits moved down, zeros behind them"},
    {"math.bitShiftRight", "ui>u", shift_right, "bits moved down, zeros behind them"},
    {"math.bitXor", "ii>i", bit_xor, "bits that one of both has"},
    {"math.bitXor", "uu>u", bit_xor, "bits that one of both has"},
    {"math.ceil", "d>d", ceiling, "the next whole number upwards"},
    {"math.floor", "d>d", floor_of, "the next whole number downwards"},
    {"math.greatest", "A+>A", greatest, "the greatest of the numbers, or of a list's"},
    {"math.isFinite", "d>b", is_finite, "neither NaN nor infinite"},
    {"math.isInf", "d>b", is_inf, "infinite"},
    {"math.isNaN", "d>b", is_nan, "not a number"},
    {"math.least", "A+>A", least, "the least of the numbers, or of a list's"},
    {"math.round", "d>d", round_of, "the nearest whole number, halves away from zero"},
    {"math.sign", "i>i", sign_int, "-1, 0 or 1"},
    {"math.sign", "d>d", sign_double, "-1, 0 or 1"},
    {"math.sign", "u>u", sign_uint, "0 or 1"},
    {"math.sqrt", "d>d", sqrt_of, "the square root"},
    {"math.sqrt", "i>d", sqrt_of, "the square root"},
    {"math.sqrt", "u>d", sqrt_of, "the square root"},
    {"math.trunc", "d>d", truncate_of, "the number without what is behind its point"},
    {0},
};
