/*
 * From nodes to text. A tag's render function has the bodies that it holds rendered here,
 * where their tags come to their own.
 */
#ifndef NUDGED_LIQUID_LIQUID_RENDER_H
#define NUDGED_LIQUID_LIQUID_RENDER_H

#include "liquid/liquid_run.h"

/* Renders the nodes; afterwards `run->interrupt` may be set. */
bool liquid_render_body(struct liquid_run *run, const struct liquid_body *body);

#endif
