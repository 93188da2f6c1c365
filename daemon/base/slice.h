/*
 * A piece of a text that somebody else owns: valid for as long as that text is, and not
 * NUL-terminated in general. Small, and passed by value. Where there may be no piece at all, its
 * `text` is NULL.
 */
#ifndef NUDGED_BASE_SLICE_H
#define NUDGED_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct arena;

struct slice {
    const char *text;
    size_t length; /* in bytes */
};

/* All of a C string. */
static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

/* The bytes from `from` up to `to`, which is behind the last of them. */
static inline struct slice slice_between(const char *from, const char *to)
{
    return (struct slice){from, (size_t)(to - from)};
}

/* Whether it has the bytes of a C string, no more and no fewer. */
static inline bool slice_is(struct slice slice, const char *text)
{
    return slice.length == strlen(text) && memcmp(slice.text, text, slice.length) == 0;
}

/* A copy in the arena, with a NUL behind it; of no piece there is none. */
struct slice slice_copy(struct arena *arena, struct slice slice);

/* Without those of the characters `blanks` that it begins or ends with. */
struct slice slice_trim(struct slice slice, const char *blanks);

#endif
