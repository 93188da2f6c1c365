/* Reads the `on` of a rule that a clock starts: {every, at, on, spread} or {once, spread}. */
#ifndef NUDGED_RULES_RULE_CLOCK_READ_H
#define NUDGED_RULES_RULE_CLOCK_READ_H

#include "base/settings.h"
#include "base/shape.h"
#include "rules/rule_clock.h"
#include "rules/rule_reader.h"

/* The table of its keys: for the reference. */
extern const struct setting rule_clock_settings[];

extern const struct shape rule_clock_shape;          /* of all of it */
extern const struct shape rule_clock_weekdays_shape; /* of what rule_clock_read_weekdays() reads */

/* What a rule with a clock has for event types: none, NULL-terminated. By this pointer expressions
 * know that there is no data. */
extern const char *const rule_clock_types[];

/* Adds the days of the week that stand in `value`, a word or a list of words. */
void rule_clock_read_weekdays(const struct rule_reader *reader, const struct value *value,
                              struct rule_clock *clock);

/* `value` is a map. NULL where there was an error (in reader->diags). A `once` that is past in
 * every zone at reader->now_ms is warned of. */
const struct rule_clock *rule_clock_read(const struct rule_reader *reader,
                                         const struct value *value);

#endif
