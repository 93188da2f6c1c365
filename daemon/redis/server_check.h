/* Whether a Redis is one to work on, by what its INFO says. */
#ifndef NUDGED_REDIS_SERVER_CHECK_H
#define NUDGED_REDIS_SERVER_CHECK_H

#include <stdbool.h>

#include "base/diag.h"

/* 7.0 or later; else `diag` has the code "redis-version". */
bool server_check_version(const char *info, struct diag *diag);

/* Keeps what it is given: append-only file on, nothing evicted; else `diag` has the code
 * "redis-loss", and a hint with the commands that mend it. A Redis that does not say is
 * taken at its word, with a warning in the log. */
bool server_check_persistence(const char *info, struct diag *diag);

#endif
