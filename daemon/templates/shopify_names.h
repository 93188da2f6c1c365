/*
 * The names that Shopify's notification templates use (order_name, subtotal_line_items,
 * line.final_line_price, shipping_method, …), made from the payload of its order webhooks,
 * so that such a template can be pasted as it is.
 */
#ifndef NUDGED_TEMPLATES_SHOPIFY_NAMES_H
#define NUDGED_TEMPLATES_SHOPIFY_NAMES_H

#include "base/arena.h"
#include "base/value.h"

/* Where the variables, or their `order`, have `line_items`: adds to the map what is not in
 * it yet; the lists of lines, taxes and discounts stand over those of the payload. Amounts
 * become numbers, as those templates compare them: `{% if total_discounts > 0 %}`. A discount
 * knows what it took off all lines, a line's share the discount that it comes from;
 * `fulfillment` is the last of the order's, or the payload where that is one. The payload
 * itself is not changed. */
void shopify_names_add(struct arena *arena, struct value variables);

#endif
