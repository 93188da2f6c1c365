/*
 * The characters and character classes of a regular expression of RE2's syntax, in
 * ICU's words: what stands for one character of the text.
 */
#ifndef NUDGED_CEL_CEL_PATTERN_CLASS_H
#define NUDGED_CEL_CEL_PATTERN_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Where a translation stands: what is left of the pattern (valid UTF-8), and what came out. */
struct cel_pattern_cursor {
    const char *at, *end;
    struct buf *out;
};

/* The byte that many behind the next; NUL past the end. */
char cel_pattern_peek(const struct cel_pattern_cursor *cursor, size_t ahead);

/* Reads one character, plain or escaped (\n, \x41, \x{1F600}, \101, \.), and writes
 * nothing. False: there is none, or RE2 has no such escape. */
bool cel_pattern_character(struct cel_pattern_cursor *cursor, uint32_t *character);

/* Writes a character that stands for itself, within a class or not. */
void cel_pattern_put(struct buf *out, uint32_t character);

/* Whether \d, \w, \s, \p or their opposites come next; and takes it. */
bool cel_pattern_is_set(const struct cel_pattern_cursor *cursor);
bool cel_pattern_take_set(struct cel_pattern_cursor *cursor);

/* Takes a class, from its bracket to the one that closes it. */
bool cel_pattern_take_class(struct cel_pattern_cursor *cursor);

#endif
