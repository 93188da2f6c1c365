#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *buf, size_t limit)
{
    *buf = (struct buf){.limit = limit};
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){.limit = buf->limit};
}

void buf_clear(struct buf *buf)
{
    buf->length = 0;
    buf->full = false;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_cut(struct buf *buf, size_t length)
{
    if (length < buf->length) {
        buf->length = length;
        buf->data[length] = '\0';
    }
}

bool buf_reserve(struct buf *buf, size_t more)
{
    if (buf->full || more > buf->limit || buf->length > buf->limit - more) {
        buf->full = true;
        return false;
    }
    size_t needed = buf->length + more + 1;
    if (needed <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    if (capacity - 1 > buf->limit)
        capacity = buf->limit + 1;
    buf->data = mem_resize(buf->data, capacity);
    buf->capacity = capacity;
    buf->data[buf->length] = '\0';
    return true;
}

bool buf_text(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
    size_t room = buf->capacity - buf->length;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(room ? buf->data + buf->length : NULL, room, format, args);
    va_end(args);
    if (length < 0 || !buf_reserve(buf, (size_t)length)) {
        if (room)
            buf->data[buf->length] = '\0';
        return false;
    }
    if ((size_t)length >= room) { /* it had no room: once more */
        va_start(args, format);
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, args);
        va_end(args);
    }
    buf->length += (size_t)length;
    return true;
}
