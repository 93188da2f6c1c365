/* Joining what belongs to one template in one language: parts, front matter, layout. */
#ifndef NUDGED_TEMPLATES_TEMPLATES_PAIR_H
#define NUDGED_TEMPLATES_TEMPLATES_PAIR_H

#include <stdbool.h>

#include "base/diag.h"
#include "templates/templates_set.h"

/* Fills pair->variant from the pair's files; keys that they lack come from `base` (NULL:
 * there is none). All layouts are loaded. Errors are added. */
void templates_pair_join(struct templates *set, struct templates_pair *pair,
                         const struct templates_pair *base, struct diags *diags);

#endif
