/*
 * Under which key a customer's document stands. Other keys of theirs have redirects, by a hash.
 * Of addresses that never were a key there is no index: all documents are looked at, a page at a
 * time, which does not hold Redis up.
 */
#ifndef NUDGED_STORE_FIND_CUSTOMER_H
#define NUDGED_STORE_FIND_CUSTOMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"

enum { FIND_CUSTOMER_MOST = 20 };

/* The key to which that of the hash leads, in the arena. NULL: to none, or `diag` says why it is
 * not known. */
const char *find_customer_redirect(struct session *session, const char *prefix, const char *hash,
                                   struct arena *arena, struct diag *diag);

/* Customers whose `email` or `phone` is that mailbox (base/mailbox). The keys ("id:7") lie in the
 * arena; at most FIND_CUSTOMER_MOST. False: `diag`. */
bool find_customer(struct session *session, const char *prefix, const char *address,
                   struct arena *arena, const char *keys[FIND_CUSTOMER_MOST], size_t *count,
                   struct diag *diag);

/* Hears a key; false: that is enough. */
typedef bool find_customer_hear(void *context, const char *key);

/* Keys of customers that begin so, in no order, as far as they are found within so many ms. False:
 * `diag`. */
bool find_customer_begin(struct session *session, const char *prefix, const char *begin,
                         int64_t within_ms, find_customer_hear *hear, void *context,
                         struct diag *diag);

#endif
