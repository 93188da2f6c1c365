/* What was decided about customers, and delivered: the lists P:trace:<key>, for nudgectl. */
#ifndef NUDGED_STORE_TRACES_H
#define NUDGED_STORE_TRACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"

/* One customer's lines of JSON, the newest first. Good until the session's next call; NULL with
 * `diag`. */
const struct reply *traces_read(struct session *session, const char *prefix, const char *customer,
                                struct diag *diag);

/* The keys of all customers that have a trace ("id:7"), in the arena. Redis looks at all that it
 * has in one go: for a small one. */
bool traces_customers(struct session *session, const char *prefix, struct arena *arena,
                      const char *const **customers, size_t *count, struct diag *diag);

#endif
