#include "liquid/liquid_filters.h"

static bool give(struct liquid_call *call, struct liquid_number number)
{
    if (!liquid_run_fits(call->run, 0))
        return false;
    call->result = liquid_number_value(call->run->arena, &number);
    return true;
}

static bool read_two(struct liquid_call *call, struct liquid_number *a, struct liquid_number *b)
{
    return liquid_filters_number(call, &call->input, a) &&
           liquid_filters_number(call, &call->arguments[0], b);
}

static bool absolute(struct liquid_call *call)
{
    struct liquid_number a;
    return liquid_filters_number(call, &call->input, &a) &&
           give(call, a.digits < 0 || a.minus ? liquid_number_negate(a) : a);
}

static bool plus(struct liquid_call *call)
{
    struct liquid_number a, b;
    return read_two(call, &a, &b) && give(call, liquid_number_add(a, b));
}

static bool minus(struct liquid_call *call)
{
    struct liquid_number a, b;
    return read_two(call, &a, &b) && give(call, liquid_number_add(a, liquid_number_negate(b)));
}

static bool times(struct liquid_call *call)
{
    struct liquid_number a, b;
    return read_two(call, &a, &b) && give(call, liquid_number_multiply(a, b));
}

/* Only integers may not be divided by zero. */
static bool divided_by(struct liquid_call *call)
{
    struct liquid_number a, b, quotient;
    if (!read_two(call, &a, &b))
        return false;
    if (liquid_number_divide(a, b, &quotient))
        return give(call, quotient);
    if (!a.decimal && !b.decimal)
        return liquid_fail(call->run, "divided by zero");
    double zero = b.minus ? -0.0 : 0.0;
    call->result = value_double((double)((a.digits > 0) - (a.digits < 0)) / zero);
    return true;
}

static bool modulo(struct liquid_call *call)
{
    struct liquid_number a, b, remainder;
    if (!read_two(call, &a, &b))
        return false;
    return liquid_number_modulo(a, b, &remainder) ? give(call, remainder)
                                                  : liquid_fail(call->run, "divided by zero");
}

static bool round_number(struct liquid_call *call)
{
    struct liquid_number a, places = {0};
    if (!liquid_filters_number(call, &call->input, &a) ||
        (call->count > 0 && !liquid_filters_number(call, &call->arguments[0], &places)))
        return false;
    return give(call, liquid_number_round(a, liquid_number_truncate(&places)));
}

static bool ceiling(struct liquid_call *call)
{
    struct liquid_number a;
    return liquid_filters_number(call, &call->input, &a) && give(call, liquid_number_ceil(a));
}

static bool floor_number(struct liquid_call *call)
{
    struct liquid_number a;
    return liquid_filters_number(call, &call->input, &a) && give(call, liquid_number_floor(a));
}

static bool at_least(struct liquid_call *call)
{
    struct liquid_number a, b;
    return read_two(call, &a, &b) && give(call, liquid_number_compare(b, a) > 0 ? b : a);
}

static bool at_most(struct liquid_call *call)
{
    struct liquid_number a, b;
    return read_two(call, &a, &b) && give(call, liquid_number_compare(b, a) < 0 ? b : a);
}

const struct liquid_filter liquid_filters_math[] = {
    {"abs", absolute, 0, 0},       {"at_least", at_least, 1, 1},     {"at_most", at_most, 1, 1},
    {"ceil", ceiling, 0, 0},       {"divided_by", divided_by, 1, 1}, {"floor", floor_number, 0, 0},
    {"minus", minus, 1, 1},        {"modulo", modulo, 1, 1},         {"plus", plus, 1, 1},
    {"round", round_number, 0, 1}, {"times", times, 1, 1},           {NULL, NULL, 0, 0},
};
