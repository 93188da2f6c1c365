/* Segments that ask about themselves: whoever asks comes to no answer. */
#ifndef NUDGED_RULES_SEGMENT_CYCLES_H
#define NUDGED_RULES_SEGMENT_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "rules/condition.h"

/* Whether the condition of `segments[number]` asks about that segment, itself or in others.
 * `segments` end with a row without a name; the arena is for what is needed meanwhile. */
bool segment_cycles_has(const struct condition_segment *segments, uint32_t number,
                        struct arena *arena);

#endif
