/*
 * The keys of the customers with an address. Redis keeps no index of them: all documents are
 * looked at, a page at a time, which does not hold Redis up.
 */
#ifndef NUDGED_STORE_FIND_CUSTOMER_H
#define NUDGED_STORE_FIND_CUSTOMER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"

enum { FIND_CUSTOMER_MOST = 20 };

/* Customers whose `email` is that address, whatever the case of its letters. The keys ("id:7")
 * lie in the arena; at most FIND_CUSTOMER_MOST. False: `diag`. */
bool find_customer(struct session *session, const char *prefix, const char *address,
                   struct arena *arena, const char *keys[FIND_CUSTOMER_MOST], size_t *count,
                   struct diag *diag);

#endif
