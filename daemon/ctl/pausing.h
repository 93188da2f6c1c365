/* What `nudgectl rule` and `nudgectl gateway` share: both pause and let go on by name. */
#ifndef NUDGED_CTL_PAUSING_H
#define NUDGED_CTL_PAUSING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/value.h"
#include "store/paused.h"

/* The one of that name; NULL: it is not paused. */
const struct paused *pausing_find(const struct paused *paused, size_t count, const char *name);

/* "paused since 2026-03-01T10:00:00Z by ana@desk". */
void pausing_print(struct arena *arena, const struct paused *paused);

/* Adds `paused`, `paused_at` and `paused_by` to a row; `paused` NULL: it is not. */
void pausing_put(struct arena *arena, struct value row, const struct paused *paused);

/* "main is paused", "main was not paused" … `done`: it was changed by this. */
const char *pausing_text(struct arena *arena, const char *name, bool pause, bool done);

/* Likewise as a row, whose `what` ("rule", "gateway") is the name. */
struct value pausing_row(struct arena *arena, const char *what, const char *name, bool pause,
                         bool done);

/* Tells which verbs (NULL-terminated) there are, as `expected` has them for people: EX_USAGE. */
int pausing_no_verb(const char *command, const char *verb, const char *const *verbs,
                    const char *expected);

#endif
