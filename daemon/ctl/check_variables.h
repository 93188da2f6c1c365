/*
 * What a template reads, against what there will be: the samples of events.yaml for the
 * events of the rules that send it, the keys of `data` there, and what every message has.
 */
#ifndef NUDGED_CTL_CHECK_VARIABLES_H
#define NUDGED_CTL_CHECK_VARIABLES_H

#include "base/diag.h"
#include "config/config.h"
#include "config/generation.h"

/* Adds a warning for each variable that is nowhere, with its place. A field of `customer` or
 * `shop` is only taken for a mistake where one with nearly the same name is known: others
 * may come from elsewhere. A layout, and a template that no rule sends, may read what any
 * event carries. Where an event has no sample, only misspelt names of messages are found. */
void check_variables(const struct config *config, const struct generation *generation,
                     struct diags *diags);

#endif
