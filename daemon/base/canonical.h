/* One text for trees that say the same: to be hashed. */
#ifndef NUDGED_BASE_CANONICAL_H
#define NUDGED_BASE_CANONICAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/value.h"

/* Appends the value as JSON, the members of its maps in the order of their names. False where the
 * buffer is full. */
bool canonical_print(struct buf *out, const struct value *value);

#endif
