/*
 * Whole numbers as names: 7, 7.0 and "7" are one customer, one event, one product. They keep all
 * their digits, however many there are.
 */
#ifndef NUDGED_BASE_WHOLE_H
#define NUDGED_BASE_WHOLE_H

#include <stdbool.h>

#include "base/decimal.h"
#include "base/slice.h"
#include "base/value_kind.h"

/* The digits of a whole number, "-" before them where it is below zero: in `digits`, or as it was
 * written. False where the value is none, or is one that a double has rounded ("1e20"). */
bool whole_text(const struct value *value, char digits[DECIMAL_TEXT_SIZE], struct slice *text);

#endif
