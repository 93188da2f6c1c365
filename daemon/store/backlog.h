/* How much is left to be done on one prefix, for nudgectl. */
#ifndef NUDGED_STORE_BACKLOG_H
#define NUDGED_STORE_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/session.h"

/* Events, deadlines and messages, all counted at one moment. */
bool backlog_count(struct session *session, const char *prefix, int64_t *count, struct diag *diag);

#endif
