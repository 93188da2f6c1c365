/*
 * What values are to the language: true or false, equal, ordered, empty.
 */
#ifndef NUDGED_LIQUID_LIQUID_VALUE_H
#define NUDGED_LIQUID_LIQUID_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"

/* Values of kind VALUE_EXTENSION; this is their `length`. */
enum liquid_extension {
    LIQUID_EXTENSION_RANGE = 100, /* `other`: struct liquid_range */
    LIQUID_EXTENSION_LOOP,        /* struct liquid_loop: `forloop` */
    LIQUID_EXTENSION_TABLE,       /* struct liquid_table: `tablerowloop` */
    LIQUID_EXTENSION_SELF,        /* struct liquid_scope: the variable `self` */
};

struct liquid_range {
    int64_t from, to; /* both included; empty where `to` is below `from` */
};

static inline bool liquid_is(const struct value *value, enum liquid_extension extension)
{
    return value->kind == VALUE_EXTENSION && value->length == extension;
}

struct value liquid_value_range(struct arena *arena, int64_t from, int64_t to);

/* Only nil and false are not. */
static inline bool liquid_value_true(const struct value *value)
{
    return value->kind != VALUE_NULL && (value->kind != VALUE_BOOL || value->boolean);
}

/* 1 is equal to 1.0, "1" to neither. */
bool liquid_value_equal(const struct value *a, const struct value *b);
/* Likewise, but 1 and 1.0 are two: what `uniq` and the groups of `cycle` go by. */
bool liquid_value_same(const struct value *a, const struct value *b);
/* A hash for liquid_value_same. */
uint32_t liquid_value_hash(const struct value *value);

/* "", [] and {}; and those with nil, false, and text of white space. */
bool liquid_value_empty(const struct value *value);
bool liquid_value_blank(const struct value *value);

enum liquid_order {
    LIQUID_LESS,
    LIQUID_SAME,
    LIQUID_MORE,
    LIQUID_NO_ORDER,     /* nil, true, lists: never ordered */
    LIQUID_INCOMPARABLE, /* a number and a string */
};
enum liquid_order liquid_value_order(const struct value *a, const struct value *b);

/* Characters of a string, items of a list or map, numbers of a range; -1 of anything
 * else. An integer's size is 8, its bytes, as in the reference implementation. */
int64_t liquid_value_size(const struct value *value);

/* The value as an integer, as limits, offsets and lengths need one; false for what is
 * none: nil, 2.5, "two". */
bool liquid_value_integer(const struct value *value, int64_t *integer);

#endif
