/* A plain word: what may be a name that stands in keys, in JSON and in figures. */
#ifndef NUDGED_BASE_WORD_H
#define NUDGED_BASE_WORD_H

#include <stdbool.h>
#include <stddef.h>

enum { WORD_MOST = 64 };

/* 1 to WORD_MOST of the characters a-z, A-Z, 0-9, `-`, `_` and `.`, the first none of `-` and `.`
 */
bool word_is_plain(const char *text, size_t length);

/* "1 to 64 letters, …": what to say to who wrote something else. */
extern const char word_hint[];

/* The same as a regular expression (ECMA 262). */
#define WORD_PATTERN "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"

#endif
