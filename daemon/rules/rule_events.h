/* The events that a rule names: what starts it, what ends it, what a wait goes on at. */
#ifndef NUDGED_RULES_RULE_EVENTS_H
#define NUDGED_RULES_RULE_EVENTS_H

#include "base/shape.h"
#include "base/value.h"
#include "cel/cel.h"
#include "rules/rule_reader.h"

/* The event types that nudged itself makes (docs/events.md); NULL-terminated. */
extern const char *const rule_events_own[];

extern const struct shape rule_events_types_shape; /* of what rule_events_types() reads */
extern const struct shape rule_events_shape;       /* and rule_events_read() */

/* A type, or a list of types, as a list, NULL-terminated; empty where `value` is NULL or null. */
const char *const *rule_events_types(const struct rule_reader *reader, const struct value *value);

struct rule_events {
    const char *const *types;      /* NULL-terminated; may be empty */
    const char *const *plain;      /* those of them that need no condition; likewise */
    struct cel_program *condition; /* NULL: true */
};

/* What stands behind `key` (`until`, `or`): a type, {on, if}, or a list of these. A list in which
 * conditions stand becomes one condition, which tells the types apart. */
struct rule_events rule_events_read(const struct rule_reader *reader, const struct value *value,
                                    const char *key);

#endif
