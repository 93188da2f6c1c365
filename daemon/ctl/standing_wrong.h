/* What is wrong with how nudged stands, in words, the worst first. */
#ifndef NUDGED_CTL_STANDING_WRONG_H
#define NUDGED_CTL_STANDING_WRONG_H

#include "ctl/standing.h"

/* `no_daemon`, `no_redis`: why it could not be asked; NULL: it was. */
void standing_wrong_find(struct standing *standing, const char *no_daemon, const char *no_redis,
                         struct arena *arena);

#endif
