/* Dead letters: the stream P:dead, which scripts write and nudgectl reads. */
#ifndef NUDGED_STORE_DEAD_LETTERS_H
#define NUDGED_STORE_DEAD_LETTERS_H

#include <stdint.h>

#include "base/diag.h"
#include "redis/session.h"

/* Up to `most`, the newest first, each {id, {field, value…}}. Good until the session's next call;
 * NULL with `diag`. */
const struct reply *dead_letters_read(struct session *session, const char *prefix, const char *most,
                                      struct diag *diag);

/* A field of one ("kind", "reason", "detail", "body"); nil, whose text is "", where it has none. */
const struct reply *dead_letters_field(const struct reply *letter, const char *name);

#endif
