/* Dead letters: the stream P:dead, which scripts write and nudgectl reads. What goes back from
 * there is store/revival's. */
#ifndef NUDGED_STORE_DEAD_LETTERS_H
#define NUDGED_STORE_DEAD_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/session.h"

/* Up to `most`, the newest first, each as below. Good until the session's next call; NULL with
 * `diag`. */
const struct reply *dead_letters_read(struct session *session, const char *prefix, const char *most,
                                      struct diag *diag);

/* One: {id, {field, value…}}. Good until it returns. False: that is enough. */
typedef bool dead_letters_on_letter(void *context, const struct reply *letter);

/* Hears all, the newest first, in pages, however many there are. False with `diag`. */
bool dead_letters_walk(struct session *session, const char *prefix,
                       dead_letters_on_letter *on_letter, void *context, struct diag *diag);

/* Hears those of these ids that are there. */
bool dead_letters_find(struct session *session, const char *prefix, const char *const *ids,
                       size_t count, dead_letters_on_letter *on_letter, void *context,
                       struct diag *diag);

/* Deletes them; `dropped[i]`: ids[i] was there. */
bool dead_letters_drop(struct session *session, const char *prefix, const char *const *ids,
                       size_t count, bool *dropped, struct diag *diag);

/* Whether the text is an id of an entry: "1772352000000-0". */
bool dead_letters_is_id(const char *text);

/* A field of one ("kind", "reason", "detail", "body"); nil, whose text is "", where it has none. */
const struct reply *dead_letters_field(const struct reply *letter, const char *name);

#endif
