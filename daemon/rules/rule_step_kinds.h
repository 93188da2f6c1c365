/*
 * The kinds of steps, each read in a file of its own. A reader adds the step, or several, to the
 * rule; faults go to steps->reader->diags. `step` is the step's mapping, `content` what stands
 * behind the key by which its kind is known.
 */
#ifndef NUDGED_RULES_RULE_STEP_KINDS_H
#define NUDGED_RULES_RULE_STEP_KINDS_H

#include "base/settings.h"
#include "base/value.h"
#include "rules/rule_step_reader.h"

extern const struct setting rule_send_settings[];  /* the keys of `send: {…}` */
extern const struct setting rule_split_settings[]; /* and of `split: {…}` */

/* send: NAME, or {template, via, to, data} */
void rule_step_send_read(struct rule_step_reader *steps, const struct value *step,
                         const struct value *content);
/* wait: 1h */
void rule_step_wait_read(struct rule_step_reader *steps, const struct value *step,
                         const struct value *content);
/* if: …, then: […], else: […] */
void rule_step_branch_read(struct rule_step_reader *steps, const struct value *step,
                           const struct value *content);
/* split: {name, shares}, then: {SHARE: […], …} */
void rule_step_split_read(struct rule_step_reader *steps, const struct value *step,
                          const struct value *content);

#endif
