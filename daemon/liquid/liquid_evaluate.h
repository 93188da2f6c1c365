/*
 * The values of expressions.
 */
#ifndef NUDGED_LIQUID_LIQUID_EVALUATE_H
#define NUDGED_LIQUID_LIQUID_EVALUATE_H

#include "liquid/liquid_run.h"

/* Names that there are not are nil. Fails on ranges without numbers and on limits only. */
bool liquid_evaluate(struct liquid_run *run, const struct liquid_expression *expression,
                     struct value *value);
/* Likewise; of markup without tags (LIQUID_SAFE) the text that it shows. */
bool liquid_evaluate_plain(struct liquid_run *run, const struct liquid_expression *expression,
                           struct value *value);

#endif
