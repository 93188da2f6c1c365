/* What is wrong with how nudged stands, in words. */
#ifndef NUDGED_CTL_STANDING_WRONG_H
#define NUDGED_CTL_STANDING_WRONG_H

#include "ctl/standing.h"

/* After standing_read, with its arena: fills `wrong`, the worst first. */
void standing_wrong_find(struct standing *standing, struct arena *arena);

#endif
