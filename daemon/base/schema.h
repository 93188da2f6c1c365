/* Tables of settings as JSON Schema (draft-07), which editors know. */
#ifndef NUDGED_BASE_SCHEMA_H
#define NUDGED_BASE_SCHEMA_H

#include "base/arena.h"
#include "base/shape.h"
#include "base/value.h"

/* The schema of a value of that shape. Shapes with a name are added to `definitions`, a map, and
 * referred to. */
struct value schema_of(struct arena *arena, const struct shape *shape, struct value definitions);

#endif
