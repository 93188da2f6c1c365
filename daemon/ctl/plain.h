/*
 * What events, customers and gateways said, on a terminal: a character that it would take for
 * a command, a line's end, and what is no UTF-8, is shown as '?'.
 */
#ifndef NUDGED_CTL_PLAIN_H
#define NUDGED_CTL_PLAIN_H

#include <stddef.h>

/* To standard output. */
void plain_print(const char *text, size_t length);
/* The same for a C string; NULL prints nothing. */
void plain_text(const char *text);

#endif
