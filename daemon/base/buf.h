/*
 * A growing buffer of bytes with a ceiling. An append that would pass the
 * ceiling writes nothing, returns false and leaves the buffer `full`; from
 * then on every append fails, so a writer of many pieces may look once, at
 * the end. The bytes are always followed by a NUL that is not counted.
 */
#ifndef NUDGED_BASE_BUF_H
#define NUDGED_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buf {
    char *data; /* owned by the buffer; NULL before the first append */
    size_t length;
    size_t capacity;
    size_t limit; /* most bytes that it may hold */
    bool full;    /* an append was refused */
};

void buf_init(struct buf *buf, size_t limit);
void buf_free(struct buf *buf);
void buf_clear(struct buf *buf); /* empty and not full; keeps its memory */

/* Shortens to `length`, which must not be above the present one. */
void buf_cut(struct buf *buf, size_t length);

/* Makes room for `more` bytes. The slow half of buf_add. */
bool buf_reserve(struct buf *buf, size_t more);

static inline bool buf_add(struct buf *buf, const void *bytes, size_t length)
{
    if (buf->full || buf->capacity - buf->length <= length) {
        if (!buf_reserve(buf, length))
            return false;
    }
    if (length) {
        memcpy(buf->data + buf->length, bytes, length);
        buf->length += length;
    }
    buf->data[buf->length] = '\0';
    return true;
}

static inline bool buf_char(struct buf *buf, char c)
{
    return buf_add(buf, &c, 1);
}

bool buf_text(struct buf *buf, const char *text);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The bytes as a C string: "" for a buffer that never held any. */
static inline const char *buf_string(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

#endif
