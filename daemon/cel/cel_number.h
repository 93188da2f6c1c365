/*
 * Arithmetic and order of int, uint and double: strict as the specification has it, and
 * accommodating where a number comes from a document (VALUE_FLEXIBLE).
 *
 * A flexible number takes the type of the strict one beside it where it fits,
 * else both are doubles. Two flexible integers give an integer; where that would
 * overflow, and where a division leaves a rest, a double. The result is flexible
 * again, so that longer sums work as well. A flexible number divided by zero, or
 * zero by which one is divided, is an error, never infinity.
 */
#ifndef NUDGED_CEL_CEL_NUMBER_H
#define NUDGED_CEL_CEL_NUMBER_H

#include <stdbool.h>

#include "base/value.h"
#include "cel/cel_ast.h"

enum cel_order {
    CEL_ORDER_LESS = -1,
    CEL_ORDER_EQUAL = 0,
    CEL_ORDER_GREATER = 1,
    CEL_ORDER_NONE = 2
};

static inline enum cel_order cel_order_of(bool less, bool more)
{
    return less ? CEL_ORDER_LESS : more ? CEL_ORDER_GREATER : CEL_ORDER_EQUAL;
}

/* NULL when *result is set, else what is wrong (cel_error's text). Both are numbers. */
const char *cel_number_operate(enum cel_operator op, const struct value *a, const struct value *b,
                               struct value *result);
const char *cel_number_negate(const struct value *a, struct value *result);

/* The number as one of another type, where it says the same: 80.0 as int 80, 3u as
 * double 3.0. False where it does not fit. */
bool cel_number_fit(const struct value *from, enum value_kind kind, struct value *to);

/* Whether a double lies within int's or uint's range, the ends themselves excluded
 * as the specification demands of conversions. */
bool cel_number_in_int(double real);
bool cel_number_in_uint(double real);

/* Numbers of any types as points of one line; NaN has no order. */
enum cel_order cel_number_compare(const struct value *a, const struct value *b);

#endif
