/*
 * How values of any kinds compare: numbers with numbers whatever their types, decimals by
 * their digits, lists and maps element by element; and how a map is asked for a key.
 */
#ifndef NUDGED_CEL_CEL_COMPARE_H
#define NUDGED_CEL_CEL_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "cel/cel_number.h"

/* CEL_ORDER_NONE also where the types have no order with each other. */
enum cel_order cel_compare(const struct value *a, const struct value *b);
/* Whether values of these kinds have an order with each other at all. */
bool cel_comparable(uint32_t a, uint32_t b);

/* Heterogeneous equality: values of unlike types are unequal, numbers are equal by
 * what they say. Each element looked at is taken from *budget; below zero it stops. */
bool cel_equal(const struct value *a, const struct value *b, int64_t *budget);

/* The value under a key of any type, or NULL. */
const struct value *cel_map_find(const struct value *map, const struct value *key, int64_t *budget);
/* Whether CEL has maps with such a key. */
bool cel_is_key(const struct value *value);

#endif
