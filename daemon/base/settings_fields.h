/*
 * The types of settings, one reader each: from a value of the file to the C type
 * of the field. Used by base/settings alone.
 */
#ifndef NUDGED_BASE_SETTINGS_FIELDS_H
#define NUDGED_BASE_SETTINGS_FIELDS_H

#include "base/arena.h"
#include "base/setting.h"
#include "base/settings_fault.h"

struct settings_reading {
    const struct settings_source *source; /* may be NULL */
    struct arena *arena;
    struct diags *diags;
};

/* Reads `value`, which is not null, into the field. After a fault, which is added to
 * the diags, the field is as it was. Not for sections. */
bool settings_fields_read(struct settings_reading *in, const struct setting *setting,
                          const struct value *value, void *field);

/* Sets the field to what it is when the key is absent and has no default. */
void settings_fields_clear(struct settings_reading *in, const struct setting *setting, void *field);

/* Adds "`key` must be <wanted>, not <a kind>"; `hint` may be NULL. Returns false. */
bool settings_fields_wrong_type(struct settings_reading *in, const struct setting *setting,
                                const struct value *value, const char *wanted, const char *hint);

#endif
