/*
 * The kinds of steps, each read in a file of its own. A reader adds the step, or several, to the
 * rule; faults go to steps->reader->diags. `step` is the step's mapping, `content` what stands
 * behind the key by which its kind is known.
 */
#ifndef NUDGED_RULES_RULE_STEP_KINDS_H
#define NUDGED_RULES_RULE_STEP_KINDS_H

#include "base/settings.h"
#include "base/shape.h"
#include "base/value.h"
#include "rules/rule_step_reader.h"

extern const struct setting rule_send_settings[];  /* the keys of `send: {…}` */
extern const struct setting rule_wait_settings[];  /* of `wait: {…}` */
extern const struct setting rule_split_settings[]; /* and of `split: {…}` */

/* What stands behind the key of each kind. */
extern const struct shape rule_step_send_shape, rule_step_wait_shape, rule_step_branch_shape,
    rule_step_split_shape, rule_step_set_shape, rule_step_emit_shape;
extern const struct shape rule_step_data_shape; /* of what rule_step_data_read() reads */

/* send: NAME, or {template, via, to, data} */
void rule_step_send_read(struct rule_step_reader *steps, const struct value *step,
                         const struct value *content);
/* wait: 1h, {until, on, past} or {for, or} */
void rule_step_wait_read(struct rule_step_reader *steps, const struct value *step,
                         const struct value *content);
/* A step has been read: the wait `skips` (-1: none) may go on behind it. */
void rule_step_wait_skip(struct rule_step_reader *steps, int32_t skips);
/* A list of steps has been read: a wait at its end has nothing to pass over. */
void rule_step_wait_skip_none(struct rule_step_reader *steps, const struct value *list);
/* Warns of a condition that is asked again behind a wait which went on at an event, and knows none
 * of its data: where one of the steps from number `from` up to `behind` is such a wait, and not the
 * last. */
void rule_step_wait_check(const struct rule_step_reader *steps, const struct value *condition,
                          uint32_t from, uint32_t behind);
/* if: …, then: […], else: […] */
void rule_step_branch_read(struct rule_step_reader *steps, const struct value *step,
                           const struct value *content);
/* split: {name, shares}, then: {SHARE: […], …} */
void rule_step_split_read(struct rule_step_reader *steps, const struct value *step,
                          const struct value *content);

/* set: {FIELD: EXPRESSION, …} */
void rule_step_set_read(struct rule_step_reader *steps, const struct value *step,
                        const struct value *content);
/* emit: {type, data, for} */
void rule_step_emit_read(struct rule_step_reader *steps, const struct value *step,
                         const struct value *content);

extern const struct setting rule_emit_settings[]; /* the keys of `emit: {…}` */

/* A mapping of names to expressions, which stands at `key`; ends with a row without a name. NULL
 * where there is none. */
struct rule_data *rule_step_data_read(const struct rule_step_reader *steps, const struct value *map,
                                      const char *key);

#endif
