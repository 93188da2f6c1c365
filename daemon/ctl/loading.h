/* The rules, templates and policy of a configuration, for commands that decide without a daemon. */
#ifndef NUDGED_CTL_LOADING_H
#define NUDGED_CTL_LOADING_H

#include "config/generation.h"
#include "ctl/context.h"

/* With the rules of another folder, where `rules` is one. Where the installation's secret cannot
 * be read another stands for it. NULL: the faults were printed. */
struct generation *loading_generation(struct context *context, const char *rules);

#endif
