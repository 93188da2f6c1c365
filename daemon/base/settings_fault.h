/*
 * Faults at the place of a value in the file that it was read from: of settings, and of all else
 * that is read from YAML.
 */
#ifndef NUDGED_BASE_SETTINGS_FAULT_H
#define NUDGED_BASE_SETTINGS_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/value.h"

/* Where a value came from, for diagnostics with excerpts. */
struct settings_source {
    const char *file;
    const char *text; /* may be NULL: no excerpts */
    size_t length;
};

/* Adds an error or a warning at the place of `value`, with the line of `source` that has it; both
 * may be NULL. Returns the diag inside `diags`, for a code and a hint, or a scratch one when the
 * bound is reached. */
struct diag *settings_fault(struct diags *diags, const struct settings_source *source,
                            const struct value *value, enum diag_level level, const char *format,
                            ...) __attribute__((format(printf, 5, 6)));

/* Where what is found inside of a string is counted from: the line and the column (from 1) at
 * which its text begins, behind its quote, or on the line below a `|`. */
void settings_fault_origin(const struct settings_source *source, const struct value *value,
                           uint32_t *line, uint32_t *column);

/* Moves a place within the expression that `value` is to where that stands in its file. */
void settings_fault_move(const struct settings_source *source, const struct value *value,
                         struct diag *diag);

#endif
