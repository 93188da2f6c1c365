/*
 * What events, customers and gateways said, on a terminal: a character that it would take for
 * a command, that turns the direction of writing or ends a line (utf8_is_unshown), and what is no
 * UTF-8, is shown as '?'.
 */
#ifndef NUDGED_CTL_PLAIN_H
#define NUDGED_CTL_PLAIN_H

#include <stddef.h>

#include "base/arena.h"

/* To standard output. */
void plain_print(const char *text, size_t length);
/* The same for a C string; NULL prints nothing. */
void plain_text(const char *text);

/* A copy in the arena that may be printed so; "" for NULL. */
const char *plain_of(struct arena *arena, const char *text);

/* JSON that somebody else has made: the same data, with what is unshown escaped. */
void plain_json(const char *text, size_t length);

#endif
