/*
 * What people mean when YAML does not understand them: libyaml's errors in
 * plain words, and the expressions of which YAML eats a part. Works on the
 * text alone; libyaml is not known here.
 */
#ifndef NUDGED_BASE_YAML_HINTS_H
#define NUDGED_BASE_YAML_HINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

/* The hint wherever YAML eats a part of an expression, and the commonest fault. */
extern const char yaml_hints_expression[];
extern const char yaml_hints_tag[];
/* U+00A0 where a space is meant: what it is, the fault, what to do. */
extern const char yaml_hints_no_break_space[], yaml_hints_no_break[], yaml_hints_spaces[];

struct yaml_hints_source {
    const char *text;
    size_t length;
    const char *const *expression_keys; /* NULL-terminated; or NULL */
};

/* A fault as libyaml reports it; lines and columns from 1, 0 where unknown. */
struct yaml_hints_fault {
    const char *problem; /* may be NULL */
    uint32_t line, column;
    uint32_t from_line, from_column; /* where what could not be read begins */
};

/* Sets code, text, place, hint and excerpt. */
void yaml_hints_explain(const struct yaml_hints_source *source,
                        const struct yaml_hints_fault *fault, struct diag *diag);

/* Whether a part of an expression was lost behind `text`: it ends inside a string
 * or with a bracket that is not closed. */
enum yaml_hints_end { YAML_HINTS_CLOSED, YAML_HINTS_OPEN_STRING, YAML_HINTS_OPEN_BRACKET };
enum yaml_hints_end yaml_hints_open(const char *text, size_t length);

#endif
