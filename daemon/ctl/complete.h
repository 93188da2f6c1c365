/*
 * nudgectl complete: what may stand in the place of the last word of a command line, for the
 * completions of shells. Not for people, so in no help.
 */
#ifndef NUDGED_CTL_COMPLETE_H
#define NUDGED_CTL_COMPLETE_H

#include "ctl/context.h"

/* `words`: what stands behind "nudgectl", the last being the one that is completed, maybe "".
 * Prints a candidate a line that begins as that does, with a tab and what it means where there is
 * something to be said; or ":file", ":folder", where the shell knows. Tells no fault: what cannot
 * be known is left out. Always 0. */
int complete_print(struct context *context, int count, char **words);

#endif
