/*
 * The addresses that may be written to, by patterns: `deliver.only`, for a machine that must write
 * to nobody else.
 */
#ifndef NUDGED_DECIDE_ONLY_H
#define NUDGED_DECIDE_ONLY_H

#include <stdbool.h>

#include "base/arena.h"

/* Whether a pattern fits the whole address: `*` stands for any characters, or none; letter case
 * makes no difference, and a domain is the same in letters and as A-labels. `patterns`:
 * NULL-terminated; NULL: every address. */
bool only_admits(const char *const *patterns, const char *address, struct arena *arena);

#endif
