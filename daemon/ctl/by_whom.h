/* Who is at the terminal, for what an operator does. */
#ifndef NUDGED_CTL_BY_WHOM_H
#define NUDGED_CTL_BY_WHOM_H

#include "base/arena.h"

/* "ana@desk", in the arena. */
const char *by_whom(struct arena *arena);

#endif
