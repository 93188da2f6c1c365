/* How a request or an entry is remembered once it was appended: P:once:<hash>. */
#ifndef NUDGED_STORE_REMEMBERED_H
#define NUDGED_STORE_REMEMBERED_H

#include "base/arena.h"
#include "base/slice.h"

/* The hash of a name, which may have any bytes: 32 hex digits, in the arena. */
const char *remembered_hash(struct arena *arena, struct slice name);

#endif
