/*
 * Watching a product: `watch.added` and `watch.removed` are a customer's word on one, and an event
 * that is about a product and no customer, `product.restocked` or `product.price_changed`, is told
 * to each who watches it (docs/events.md).
 */
#ifndef NUDGED_CUSTOMER_WATCH_H
#define NUDGED_CUSTOMER_WATCH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"
#include "customer/shop_event.h"

enum { WATCH_PRODUCT_MOST = 256 }; /* bytes of a product's name */

enum watch_word { WATCH_NO_WORD, WATCH_ADDED, WATCH_REMOVED };

/* What an event of that type says. */
enum watch_word watch_word_of(const char *type);

/* Which product an event is about: its `product.sku`, else its `product.id`, a text without control
 * characters or a whole number. In the arena; NULL: none. */
const char *watch_product(struct arena *arena, const struct value *data);

/* Whether an event that shop_event_read() refused, as it names no customer, is one of those that
 * are told to who watches its product: *product then is that. */
bool watch_is_told(struct arena *arena, const struct shop_event *event, const struct diag *diag,
                   const char **product);

/* That event as each of them gets it: JSON, in the arena. Its id is made of the event's own, so
 * that the same one told again is the same event to everybody. */
const char *watch_told_event(struct arena *arena, const struct shop_event *event,
                             const char *product);

#endif
