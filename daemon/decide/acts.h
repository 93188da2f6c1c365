/* What rules did in a decision, for who counts: the trace tells it in words. */
#ifndef NUDGED_DECIDE_ACTS_H
#define NUDGED_DECIDE_ACTS_H

#include <stdint.h>

#include "base/arena.h"
#include "decide/trace_words.h"

struct act {
    const char *rule; /* not copied */
    enum trace_what what;
    enum trace_why why;
};

struct acts {
    struct act *items; /* in the arena */
    uint32_t count, capacity;
};

static inline void acts_add(struct acts *acts, struct arena *arena, const char *rule,
                            enum trace_what what, enum trace_why why)
{
    acts->items = arena_grow(arena, acts->items, acts->count, &acts->capacity, sizeof *acts->items);
    acts->items[acts->count++] = (struct act){rule, what, why};
}

#endif
