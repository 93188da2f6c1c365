/*
 * What nudged-web counts, as figures of the daemon; and its refusals as lines of the log, the first
 * of each kind in full, the rest of a minute as one line.
 */
#ifndef NUDGED_HOST_HOST_FIGURES_H
#define NUDGED_HOST_HOST_FIGURES_H

#include <stdbool.h>

#include "web/wire.h"

struct log_group;

/* A frame of WIRE_REQUESTS, WIRE_REFUSED or WIRE_OPEN; false where it cannot be read. */
bool host_figures_take(struct wire_frame *frame, struct log_group *group);

#endif
