/*
 * HTML's special characters & < > " ' as entities, and back.
 */
#ifndef NUDGED_LIQUID_LIQUID_ESCAPE_H
#define NUDGED_LIQUID_LIQUID_ESCAPE_H

#include "base/buf.h"

/* Appends; false where the buffer is full. */
bool liquid_escape(struct buf *out, const char *text, size_t length);

/* The length that the escaped text has, and into memory of that length. */
size_t liquid_escape_length(const char *text, size_t length);
void liquid_escape_to(char *to, const char *text, size_t length);

/* Those five entities as characters again, into memory of `length`; returns how many bytes. */
size_t liquid_escape_undo(char *to, const char *text, size_t length);

#endif
