/*
 * JSON (RFC 8259) to and from the value tree. Strict: UTF-8 without lone
 * surrogates, no trailing commas, no comments, no number that is infinite as a
 * double. "\u0000" is a character like any other, so a string may hold NUL.
 * Integers of up to 64 bits are exact; a number that would not be printed as it
 * was written keeps its spelling (VALUE_SPELLED) and is printed with it.
 */
#ifndef NUDGED_BASE_JSON_H
#define NUDGED_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"
#include "base/value.h"

struct json_limits {
    size_t bytes;        /* of the text */
    uint32_t depth;      /* nested containers, at most 1,024; a bare scalar has depth 0 */
    uint32_t nodes;      /* values in all */
    bool duplicate_keys; /* true: the last one counts; false: an error */
};

/* 256 KiB, 32 deep, 65,536 nodes, no key twice: what an event may be. */
extern const struct json_limits json_event_limits;
/* 4 MiB, 64 deep, 1,048,576 nodes, no key twice: for files of our own. */
extern const struct json_limits json_file_limits;

/* Reads one JSON text that is all of `text`. Strings without escapes and
 * spellings of numbers refer to `text`, which must live as long as the result;
 * all else lies in the arena. Every number is VALUE_FLEXIBLE. On an error
 * `diag` has its code ("json-syntax", "json-depth", "json-size", "json-nodes",
 * "json-utf8", "json-duplicate"), text, line, column and excerpt. */
bool json_read(struct arena *arena, const char *text, size_t length,
               const struct json_limits *limits, struct value *value, struct diag *diag);

/* Appends without spaces. False where the buffer is full. Timestamps print as
 * RFC 3339 strings, durations as "3600s", bytes as base64, anything else that no
 * document holds, NaN and infinities as null. */
bool json_print(struct buf *out, const struct value *value);
/* How many bytes that would append. */
size_t json_size(const struct value *value);
/* Likewise over many lines, two spaces for each level. */
bool json_print_pretty(struct buf *out, const struct value *value);
/* In the arena; what would pass `most` bytes is cut off. */
struct slice json_print_slice(struct arena *arena, const struct value *value, size_t most);
/* One string with its quotes and escapes. */
bool json_print_string(struct buf *out, const char *bytes, size_t length);

#endif
