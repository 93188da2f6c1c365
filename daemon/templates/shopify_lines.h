/*
 * The lines of Shopify's payloads as its templates read them: what was ordered, what of it
 * was sent, taxes. New lists in the arena; an item that is no map is passed over.
 */
#ifndef NUDGED_TEMPLATES_SHOPIFY_LINES_H
#define NUDGED_TEMPLATES_SHOPIFY_LINES_H

#include "base/arena.h"
#include "base/value.h"

/* `items` is a list. `applications`: the order's discounts, in their order, to which a line's
 * shares refer. */
struct value shopify_lines_make(struct arena *arena, const struct value *items,
                                const struct value *applications);
/* {line_item, quantity} for each line of a fulfillment; none where `items` is no list. */
struct value shopify_lines_sent(struct arena *arena, const struct value *items,
                                const struct value *applications);
/* `items` is a list. */
struct value shopify_lines_taxes(struct arena *arena, const struct value *items);

/* How many pieces, over all lines; 0 where `items` is no list. */
int64_t shopify_lines_count(const struct value *items);

#endif
