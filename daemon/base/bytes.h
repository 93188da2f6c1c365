/*
 * Short texts, keys and words, that are compared and looked through all the time: eight bytes at
 * once, without a call.
 */
#ifndef NUDGED_BASE_BYTES_H
#define NUDGED_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t bytes_eight(const char *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    return eight;
}

static inline uint32_t bytes_four(const char *at)
{
    uint32_t four;
    memcpy(&four, at, sizeof four);
    return four;
}

/* Both have `length` bytes. The first and the last of them, which may be in part the same. */
static inline bool bytes_are_same(const char *a, const char *b, size_t length)
{
    if (length > 16)
        return bytes_eight(a) == bytes_eight(b) && memcmp(a, b, length) == 0;
    if (length >= 8)
        return bytes_eight(a) == bytes_eight(b) &&
               bytes_eight(a + length - 8) == bytes_eight(b + length - 8);
    if (length >= 4)
        return bytes_four(a) == bytes_four(b) &&
               bytes_four(a + length - 4) == bytes_four(b + length - 4);
    return length == 0 ||
           (a[0] == b[0] && a[length / 2] == b[length / 2] && a[length - 1] == b[length - 1]);
}

/* Whether two texts are the same: most that are lie in one place, most others differ at once. */
static inline bool bytes_same_text(const char *a, const char *b)
{
    return a == b || (*a == *b && strcmp(a, b) == 0);
}

/* One of 64 bits: texts that have not the same differ. */
static inline uint64_t bytes_mark(const char *text, size_t length)
{
    if (!length)
        return 1;
    unsigned first = (unsigned char)text[0], last = (unsigned char)text[length - 1];
    return UINT64_C(1) << ((length * 7 + first * 5 + last) & 63);
}

/* A high bit of one of eight bytes that are below the bound (at most 0x80); the others may have one
 * behind it. */
static inline uint64_t bytes_below(uint64_t eight, unsigned char bound)
{
    return (eight - UINT64_C(0x0101010101010101) * bound) & ~eight & UINT64_C(0x8080808080808080);
}

/* Not 0 where one of eight bytes is a control character of ASCII. */
static inline uint64_t bytes_control(uint64_t eight)
{
    return bytes_below(eight, ' ') | bytes_below(eight ^ UINT64_C(0x7f7f7f7f7f7f7f7f), 1);
}

/* Not 0 where one of eight bytes is none of ASCII. */
static inline uint64_t bytes_high(uint64_t eight)
{
    return eight & UINT64_C(0x8080808080808080);
}

/* Whether `test` finds something in the text. What is behind the last eight is looked at with what
 * stands before it; a text of fewer is filled up with blanks. */
static inline bool bytes_any(const char *text, size_t length, uint64_t (*test)(uint64_t))
{
    uint64_t found = 0;
    if (length < 8) {
        char blanks[9] = "        ";
        for (size_t i = 0; i < length; i++)
            blanks[i] = text[i];
        return test(bytes_eight(blanks));
    }
    for (size_t at = 0; at < length - 8; at += 8)
        found |= test(bytes_eight(text + at));
    return found | test(bytes_eight(text + length - 8));
}

static inline bool bytes_have_control(const char *text, size_t length)
{
    return bytes_any(text, length, bytes_control);
}

static inline bool bytes_have_high(const char *text, size_t length)
{
    return bytes_any(text, length, bytes_high);
}

#endif
