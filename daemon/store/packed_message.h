/*
 * A message as one string, as P:message:<mid> has it while it is begun at once and nothing else is
 * noted of it (docs/redis.md): of each field, in the order of shared_packed.lua, its length in four
 * bytes, the greatest first, and its bytes; then what it says.
 */
#ifndef NUDGED_STORE_PACKED_MESSAGE_H
#define NUDGED_STORE_PACKED_MESSAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "store/commit_items.h"

/* `number`: of what the commit begins at once. In the arena. */
struct slice packed_message(struct arena *arena, const struct commit_message *message,
                            const char *customer, int64_t number);

#endif
