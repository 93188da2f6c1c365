/*
 * The core schema of YAML 1.2 (section 10.3.2): which plain scalars are no
 * strings. `yes`, `on`, `no`, `off` and `017` with octal meaning are of YAML 1.1.
 */
#ifndef NUDGED_BASE_CORE_SCHEMA_H
#define NUDGED_BASE_CORE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/value.h"

/* Null, boolean, integer (VALUE_INT), double (also .inf and .nan), else a string
 * that refers to `text`. Numbers are VALUE_FLEXIBLE. False, with no value, for an
 * integer outside 64 bits and for a number that no double holds. */
bool core_schema_resolve(const char *text, size_t length, struct value *value);

#endif
