/* What a work adds to the figures (base/metrics). */
#ifndef NUDGED_EVENTS_WORK_FIGURES_H
#define NUDGED_EVENTS_WORK_FIGURES_H

#include <stdbool.h>

#include "events/work.h"
#include "rules/ruleset.h"

/* An entry was taken from the stream; `type` NULL: it is no event. */
void work_figures_read(const struct ruleset *rules, const char *type);

/* Whether figures tell the type by its name: one that events.yaml declares, or a rule names. */
bool work_figures_know(const struct ruleset *rules, const char *type);

/* What was chosen of it is committed. */
void work_figures_count(const struct work *work);

/* It is decided, and nothing of it is to be kept. */
void work_figures_count_quiet(const struct work *work);

#endif
