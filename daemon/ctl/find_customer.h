/*
 * The keys of the customers with an address. Redis keeps no index of them: all documents are
 * looked at, a page at a time, which does not hold Redis up.
 */
#ifndef NUDGED_CTL_FIND_CUSTOMER_H
#define NUDGED_CTL_FIND_CUSTOMER_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/context.h"

enum { FIND_CUSTOMER_MOST = 20 };

/* Customers whose `email` is that address, whatever the case of its letters. The keys ("id:7")
 * lie in the configuration's arena; at most FIND_CUSTOMER_MOST. False: `diag`. */
bool find_customer(struct context *context, struct session *session, const char *address,
                   const char *keys[FIND_CUSTOMER_MOST], size_t *count, struct diag *diag);

#endif
