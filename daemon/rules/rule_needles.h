/*
 * Many short texts, looked for in another text at once: which of them does it
 * contain? One walk over the text, whatever their number.
 */
#ifndef NUDGED_RULES_RULE_NEEDLES_H
#define NUDGED_RULES_RULE_NEEDLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct rule_needle {
    const char *bytes;
    uint32_t length; /* 0: contained in every text */
    uint32_t number; /* the caller's */
};

struct rule_needles;

/* In the arena; items and bytes are copied. */
struct rule_needles *rule_needles_new(struct arena *arena, const struct rule_needle *items,
                                      uint32_t count);

/* Calls `found` for each needle that the text contains, perhaps more than once. */
void rule_needles_find(const struct rule_needles *needles, const char *text, size_t length,
                       void (*found)(void *context, uint32_t number), void *context);

#endif
