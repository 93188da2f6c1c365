/* What a commit of a work adds to the figures (base/metrics). */
#ifndef NUDGED_EVENTS_WORK_FIGURES_H
#define NUDGED_EVENTS_WORK_FIGURES_H

#include "events/work.h"

/* What was chosen of it is committed. */
void work_figures_count(const struct work *work);

#endif
