/*
 * What a plain scalar of YAML is, one without quotes: the core schema of YAML 1.2 (section
 * 10.3). Not of it, but of YAML 1.1, are `yes`, `on`, `no` and `off`, which are strings here,
 * and `017`, which is seventeen.
 */
#ifndef NUDGED_BASE_YAML_SCALAR_H
#define NUDGED_BASE_YAML_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/value.h"

/* Null, boolean, integer (VALUE_INT), double (also .inf and .nan), else a string
 * that refers to `text`. Numbers are VALUE_FLEXIBLE. False, with no value, for an
 * integer outside 64 bits and for a number that no double holds. */
bool yaml_scalar_resolve(const char *text, size_t length, struct value *value);

#endif
