/*
 * Figures that say how it is now, not what was counted: told when they are asked for. And which
 * series of the others go on after a reload.
 */
#ifndef NUDGED_APP_FIGURES_H
#define NUDGED_APP_FIGURES_H

#include <stdbool.h>

#include "app/admin_pages_view.h"
#include "config/generation.h"

/* Once, before anything is counted: what there is to be told from the beginning on, so that its
 * first case is seen as an increase. */
void figures_begin(const struct config *config);

/* A generation was loaded, or refused (NULL). */
void figures_reload(const struct generation *generation);

/* The daemon as it is at this moment. */
void figures_look(const struct admin_pages_view *view);

#endif
