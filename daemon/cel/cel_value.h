/*
 * The values of expressions: how they compare, what their types are called,
 * how they print. What base/value.h has no kind for stands in VALUE_EXTENSION.
 */
#ifndef NUDGED_CEL_CEL_VALUE_H
#define NUDGED_CEL_CEL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"

/* `length` of a VALUE_EXTENSION; 1 is CEL_ABSENT (cel/cel.h). */
enum {
    CEL_EXTENSION_OPTIONAL = 2, /* `other`: const struct value *, or NULL: none */
    CEL_EXTENSION_TYPE,         /* `other`: const struct cel_type_name * */
    CEL_EXTENSION_DECIMAL,      /* `other`: const struct cel_decimal * */
};

/* One number for each type a value can have: enum value_kind, then the extensions. */
enum cel_kind {
    CEL_KIND_OPTIONAL = VALUE_EXTENSION + CEL_EXTENSION_OPTIONAL,
    CEL_KIND_TYPE = VALUE_EXTENSION + CEL_EXTENSION_TYPE,
    CEL_KIND_DECIMAL = VALUE_EXTENSION + CEL_EXTENSION_DECIMAL,
    CEL_KIND_COUNT,
};

/* VALUE_EXTENSION itself for what belongs to another language. */
static inline uint32_t cel_kind(const struct value *value)
{
    bool own = value->kind == VALUE_EXTENSION && value->length <= CEL_EXTENSION_DECIMAL;
    return own ? VALUE_EXTENSION + value->length : value->kind;
}

static inline bool cel_is_number(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_DOUBLE || value->kind == VALUE_UINT;
}

/* A number of a document: it fits every type of numbers. */
static inline bool cel_is_flexible(const struct value *value)
{
    return (value->flags & VALUE_FLEXIBLE) && cel_is_number(value);
}

/* Types */

struct cel_type_name {
    const char *name; /* "int", "google.protobuf.Timestamp" */
    uint32_t kind;
    const char *words; /* for messages: "an integer" */
};

/* NULL where the kind is none. */
const struct cel_type_name *cel_type_of_kind(uint32_t kind);
/* The type of that name, or NULL. */
const struct cel_type_name *cel_type_named(const char *name, size_t length);
struct value cel_type_value(const struct cel_type_name *type);

/* Optionals. `value` is copied into the arena. */
struct value cel_optional_of(struct arena *arena, const struct value *value);
struct value cel_optional_none(void);

/* Comparison */

enum cel_order { CEL_LESSER = -1, CEL_SAME = 0, CEL_MORE = 1, CEL_NO_ORDER = 2 };

/* Numbers of any types as points of one line; NaN has no order. */
enum cel_order cel_compare_numbers(const struct value *a, const struct value *b);
/* CEL_NO_ORDER also where the types have no order with each other. */
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

/* Appends a value as an expression would write it: "a\n", 1u, b"\xff",
 * timestamp("…"), {"a": 1}. False where the buffer is full. */
bool cel_print_value(struct buf *out, const struct value *value);

/* "2026-03-01T08:00:00.5Z"; years 1 to 9999. And "3600.5s". */
enum { CEL_TIME_TEXT_SIZE = 64 };
size_t cel_timestamp_text(const struct value *value, char out[CEL_TIME_TEXT_SIZE]);
size_t cel_duration_text(const struct value *value, char out[CEL_TIME_TEXT_SIZE]);

#endif
