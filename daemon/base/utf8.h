/*
 * UTF-8 (RFC 3629): surrogates, overlong forms and code points above 10FFFF
 * are not characters.
 */
#ifndef NUDGED_BASE_UTF8_H
#define NUDGED_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The offset of the first byte that is not part of a valid character;
 * `length` when all is valid. */
size_t utf8_invalid(const char *text, size_t length);

/* What to do about a file that is not UTF-8, or looks like UTF-16; NULL where it is fine. */
const char *utf8_advice(const char *text, size_t length);

static inline bool utf8_valid(const char *text, size_t length)
{
    return utf8_invalid(text, length) == length;
}

/* Bytes of the character at `text`, 1 to 4; 1 where it is not valid or cut,
 * so that a loop always moves on. `length` must be at least 1. */
size_t utf8_width(const char *text, size_t length);

/* The code point at `text` and its width; an invalid byte gives U+FFFD, width 1. */
uint32_t utf8_decode(const char *text, size_t length, size_t *width);

/* Writes 1 to 4 bytes to `out`; 0 for a code point that is no character. */
size_t utf8_encode(uint32_t code_point, char out[4]);

/* Characters (code points) in `text`; each invalid byte counts as one. */
size_t utf8_count(const char *text, size_t length);

/* C0, DEL and C1: what a terminal may take for a command. */
static inline bool utf8_is_control(uint32_t point)
{
    return point < ' ' || (point >= 0x7f && point < 0xa0);
}

/* What no terminal and no log should get as it is: controls, line and paragraph ends, what turns
 * the direction of writing (UAX #9, 2.8: a text could look like another one), byte order marks,
 * interlinear annotations, tags. */
bool utf8_is_unshown(uint32_t point);

/* Whether a control character is in a text. */
bool utf8_has_control(const char *text, size_t length);

/* White space, as Unicode has it: line ends and no-break spaces too. */
bool utf8_is_space(uint32_t point);

/* Without the white space that it begins or ends with. */
struct slice utf8_trim(struct slice text);

/* Copies a text as one line: a run of white space and control characters as one space, none at
 * its ends, '?' for an invalid byte and for what is unshown else. Whole characters, as many as fit
 * into `room`, and no NUL; returns their bytes. */
size_t utf8_one_line(const char *text, size_t length, char *to, size_t room);

/* Copies a text as it may be shown: '?' for what is unshown and for an invalid byte, a space
 * for a tab. Whole characters, as many as fit into `room`, and no NUL; returns their bytes. */
size_t utf8_show(const char *text, size_t length, char *to, size_t room);

/* The greatest offset <= `most` that does not split a character of `text`,
 * which must hold more than `most` bytes. */
size_t utf8_floor(const char *text, size_t most);

#endif
