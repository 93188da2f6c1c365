/*
 * Types as far as they are known before running: sets of kinds. What comes from
 * a document may be anything, unless there is a sample of it.
 */
#ifndef NUDGED_CEL_CEL_TYPE_H
#define NUDGED_CEL_CEL_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "cel/cel_ast.h"
#include "cel/cel_value.h"

/* Sets of kinds: bits 1 << enum cel_kind. */
typedef uint32_t cel_kinds;

#define CEL_KINDS(kind)   ((cel_kinds)1 << (kind))
#define CEL_KINDS_NUMBERS (CEL_KINDS(VALUE_INT) | CEL_KINDS(VALUE_UINT) | CEL_KINDS(VALUE_DOUBLE))
/* A number that may be a document's, and so fit every type. */
#define CEL_KINDS_FLEXIBLE ((cel_kinds)1 << 31)
#define CEL_KINDS_ANY      UINT32_MAX

struct cel_type {
    cel_kinds kinds;
    cel_kinds elements;         /* of a list's elements, a map's values, what is in an optional */
    cel_kinds keys;             /* of a map's keys */
    const struct value *sample; /* an example of the value, or NULL */
    bool document;              /* from a document, and no sample of it is known */
};

struct cel_type cel_type_of(cel_kinds kinds);
/* What stands in a document may be any of JSON, and so may what stands in it. */
struct cel_type cel_type_of_document(void);

/* The type that one value says it has; what a sample of a document says. */
struct cel_type cel_type_of_value(const struct value *value);
struct cel_type cel_type_of_sample(const struct value *sample);
/* Either of them. */
struct cel_type cel_type_join(struct cel_type a, struct cel_type b);

/* What a + b and its like may give; 0 where there is no such operation. */
cel_kinds cel_type_operate(enum cel_operator op, cel_kinds a, cel_kinds b);
/* Whether some value of the one can be less than, or equal to, some value of the other. */
bool cel_type_ordered(cel_kinds a, cel_kinds b);
bool cel_type_equal(cel_kinds a, cel_kinds b);

/* For messages: "a string", "a number", "a list or a map". In the arena or static. */
const char *cel_type_words(struct arena *arena, cel_kinds kinds);

#endif
