/*
 * Exact decimals of up to 34 digits, for prices: decimal("129.90"). They keep
 * the places after the point as written, and are compared and computed without
 * rounding: with each other, with integers, and with numbers of a document, which
 * are read by their digits. A double that an expression made is no exact number:
 * it may be compared, not computed with.
 */
#ifndef NUDGED_CEL_CEL_DECIMAL_H
#define NUDGED_CEL_CEL_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "cel/cel_ast.h"
#include "cel/cel_number.h"

enum { CEL_DECIMAL_DIGITS = 34, CEL_DECIMAL_TEXT_SIZE = 80 };

/* digits / 10^places. */
struct cel_decimal {
    unsigned __int128 digits; /* below 10^34 */
    uint32_t places;          /* 0 to 34 */
    bool negative;
};

/* "-129.90", "1e3": optional sign, digits, point, exponent. False where it is no
 * number or has too many digits. */
bool cel_decimal_parse(struct arena *arena, const char *text, size_t length, struct value *result);

/* From an int, uint, double or decimal; false for NaN, infinities, too many digits. */
bool cel_decimal_from(struct arena *arena, const struct value *number, struct value *result);

/* "129.90"; returns the length. */
size_t cel_decimal_text(const struct value *decimal, char out[CEL_DECIMAL_TEXT_SIZE]);

/* One side is a decimal. NULL when *result is set, else what is wrong. + - * only. */
const char *cel_decimal_operate(struct arena *arena, enum cel_operator op, const struct value *a,
                                const struct value *b, struct value *result);
const char *cel_decimal_negate(struct arena *arena, const struct value *a, struct value *result);

/* CEL_ORDER_NONE where one side is neither decimal nor number. */
enum cel_order cel_decimal_compare(const struct value *a, const struct value *b);

/* Towards zero, as int() and double() do; false where int cannot hold it. */
bool cel_decimal_to_int(const struct value *decimal, int64_t *number);
double cel_decimal_to_double(const struct value *decimal);

#endif
