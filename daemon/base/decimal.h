/*
 * Decimal text to doubles and back, the same in every locale.
 */
#ifndef NUDGED_BASE_DECIMAL_H
#define NUDGED_BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What `out` of the printing functions must hold. */
enum { DECIMAL_TEXT_SIZE = 32 };

/* digits * 10^exponent where one multiplication or division gives it correctly
 * rounded: small digits and a small exponent, as prices have. False else. */
bool decimal_exact(uint64_t digits, int exponent, double *number);

/* The double nearest to a decimal number, which the text must be: a sign or
 * none, digits with or without a point, an exponent or none. Infinite where it
 * is too large. */
double decimal_read(const char *text, size_t length);

/* Writes the shortest decimal that reads back as the same number, with a NUL:
 * "0.1", "80.0", "-0.0", "1e+21", "1e-7". Returns its length; 0, and an empty
 * text, for NaN and infinities, which have no digits. */
size_t decimal_print(double number, char *out);

/* Writes an integer, with a NUL; returns its length. */
size_t decimal_print_int(int64_t number, char *out);
size_t decimal_print_natural(uint64_t number, char *out);

#endif
