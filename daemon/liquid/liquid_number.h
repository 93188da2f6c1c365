/*
 * Numbers as the language reckons with them: integers, and decimal fractions
 * that are exact where a double is not (0.1 + 0.2 is 0.3).
 */
#ifndef NUDGED_LIQUID_LIQUID_NUMBER_H
#define NUDGED_LIQUID_LIQUID_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"

enum { LIQUID_NUMBER_TEXT_SIZE = 48 };

/* digits / 10^scale. Up to 38 digits; what needs more is rounded to a double's 17. */
struct liquid_number {
    bool decimal; /* was written with a point: prints with one, divides with a fraction */
    __int128 digits;
    int scale;  /* may be negative */
    bool minus; /* of a decimal that is zero: -0.0 */
};

/* The number that a value stands for: of a string the one that it begins with, of
 * what is no number 0. False for infinities and NaN. */
bool liquid_number_of(const struct value *value, struct liquid_number *number);
/* A double that is spelled without a point: an integer past 64 bits. */
bool liquid_number_is_spelled(const struct value *value);
/* "12.50" is a decimal; of anything else the integer that it begins with: "1_000 pcs". */
struct liquid_number liquid_number_text(const char *text, size_t length);
/* The whole text as an integer, in the way of a strict reader: blanks around it, a
 * sign, single underscores, 0x 0o 0b and octal 0; numbers past 64 bits are clamped. */
bool liquid_number_strict(const char *text, size_t length, int64_t *integer);

/* As a value: an integer, one past 64 bits as a spelled double, or a double. */
struct value liquid_number_value(struct arena *arena, const struct liquid_number *number);
/* Towards zero; clamped to 64 bits. */
int64_t liquid_number_truncate(const struct liquid_number *number);

struct liquid_number liquid_number_add(struct liquid_number a, struct liquid_number b);
struct liquid_number liquid_number_negate(struct liquid_number a);
struct liquid_number liquid_number_multiply(struct liquid_number a, struct liquid_number b);
/* Integers by integers are rounded down; the remainder has the divisor's sign.
 * False where `b` is zero. */
bool liquid_number_divide(struct liquid_number a, struct liquid_number b,
                          struct liquid_number *quotient);
bool liquid_number_modulo(struct liquid_number a, struct liquid_number b,
                          struct liquid_number *remainder);
int liquid_number_compare(struct liquid_number a, struct liquid_number b);
/* Half away from zero, to `places` behind the point; an integer for 0 and less. */
struct liquid_number liquid_number_round(struct liquid_number a, int64_t places);
struct liquid_number liquid_number_floor(struct liquid_number a);
struct liquid_number liquid_number_ceil(struct liquid_number a);

/* A double as the language prints it: "1.0", "0.001", "1.0e-05", "1.0e+15". Returns
 * the length; there is no NUL. */
size_t liquid_number_print(double real, char out[LIQUID_NUMBER_TEXT_SIZE]);

#endif
