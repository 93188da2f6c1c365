/*
 * What a bounce of a mail that was sent is told by: P:returns, which scripts write
 * (shared_returns.lua) and let expire. Here all of it is walked through, for who was erased since.
 */
#ifndef NUDGED_STORE_RETURNS_H
#define NUDGED_STORE_RETURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/session.h"

/* Stands in the place of a customer who was erased. */
enum { RETURNS_ERASED = '#' };

/* Of the mails of a hash: whom they went to, and until when that was at the latest, since 1970. It
 * says of each whether that is to be forgotten. False: it could not be found out. */
typedef bool returns_on_customers(void *context, const char *const *customers, size_t count,
                                  int64_t before_ms, bool *forget);

/* Walks through all days that may still be there at `now_ms`, Redis' TIME; whose mail is to be
 * forgotten is taken out of it, and it is counted. False with `diag`, or where the callback had
 * enough. */
bool returns_walk(struct session *session, const char *prefix, int64_t now_ms,
                  returns_on_customers *on_customers, void *context, uint64_t *forgotten,
                  struct diag *diag);

#endif
