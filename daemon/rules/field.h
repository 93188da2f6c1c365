/*
 * Fields of the customer that the configuration computes from events (`customer.fields`), as they
 * were read: immutable. What a rule's `set` may name is checked here too, as a field has one owner.
 */
#ifndef NUDGED_RULES_FIELD_H
#define NUDGED_RULES_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/settings.h"
#include "base/shape.h"
#include "base/value.h"
#include "cel/cel.h"
#include "rules/rule_reader.h"

/* What the field becomes at an event. */
struct field_word {
    const char *const *on;         /* event types, NULL-terminated */
    struct cel_program *condition; /* NULL: true */
    struct cel_program *set;
    struct value condition_at, set_at; /* as they are written, with their places */
};

struct field {
    const char *name;
    struct value initial; /* what it is before it is set; null: nothing */
    const struct field_word *words;
    uint32_t word_count;
    const struct value *place; /* of its name in the file */
};

/* Fields that nudged itself reads of what events say; NULL-terminated. */
extern const char *const field_own[];

extern const struct setting field_settings[]; /* the keys of a field */
extern const struct shape fields_shape;       /* of all fields, by their names */

enum { FIELD_MOST = 100, FIELD_NAME_MOST = 64 };

/* A field's name as a regular expression (ECMA 262), but for the words of CEL. */
#define FIELD_NAME_PATTERN "[A-Za-z_][A-Za-z0-9_]{0,63}"

/* Reads `customer.fields`: a mapping. Ends with a row without a name; NULL where `map` is null or
 * has none. Faults are the reader's. */
struct field *fields_read(const struct rule_reader *reader, const struct value *map);

/* The one of that name, or NULL. `fields` may be NULL. */
const struct field *field_find(const struct field *fields, const char *name);

/* A map of all that are there before anything is set; null where there are none. */
struct value fields_defaults(const struct field *fields, struct arena *arena);

/* Whether that may be a field's name: a plain word that nudged itself does not read; else a fault
 * at `place`. */
bool field_check_name(const struct rule_reader *reader, const struct value *place,
                      const char *name);

#endif
