/*
 * The values of expressions: of what kind they are, and what their types are called.
 * What base/value.h has no kind for stands in VALUE_EXTENSION.
 */
#ifndef NUDGED_CEL_CEL_VALUE_H
#define NUDGED_CEL_CEL_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
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

/* ---- Types ---- */

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

#endif
