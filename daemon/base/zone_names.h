/* The time zones that this machine knows, for hints. */
#ifndef NUDGED_BASE_ZONE_NAMES_H
#define NUDGED_BASE_ZONE_NAMES_H

#include "base/diag.h"

/* Hints "did you mean `Europe/Berlin`?" where a zone is near `meant`, or ends in it ("Berlin");
 * says nothing where none does. */
void zone_names_suggest(struct diag *diag, const char *meant);

#endif
