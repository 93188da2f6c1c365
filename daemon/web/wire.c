#include "web/wire.h"

#include <event2/buffer.h>

enum { HEAD = 4 + 1 + 4 };

/* ---- Writing ---- */

static void put(struct buf *out, uint32_t number)
{
    buf_add(out, &number, sizeof number);
}

size_t wire_begin(struct buf *out, enum wire_kind kind, uint32_t serial)
{
    size_t begun = out->length;
    put(out, 0);
    buf_char(out, (char)kind);
    put(out, serial);
    return begun;
}

void wire_number(struct buf *out, uint64_t number)
{
    put(out, number > UINT32_MAX ? UINT32_MAX : (uint32_t)number);
}

void wire_text(struct buf *out, struct slice text)
{
    wire_number(out, text.length);
    buf_add(out, text.text, text.length);
}

bool wire_end(struct buf *out, size_t begun)
{
    if (out->full || out->length - begun - 4 > WIRE_FRAME_MOST) {
        buf_cut(out, begun);
        return false;
    }
    uint32_t length = (uint32_t)(out->length - begun - 4);
    memcpy(out->data + begun, &length, sizeof length);
    return true;
}

/* ---- Reading ---- */

static uint32_t take(const char *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return number;
}

enum wire_progress wire_next(struct evbuffer *input, size_t most, struct wire_frame *frame)
{
    char head[HEAD];
    size_t there = evbuffer_get_length(input);
    if (there < HEAD)
        return WIRE_MORE;
    evbuffer_copyout(input, head, HEAD);
    size_t length = take(head);
    if (length < HEAD - 4 || length > most)
        return WIRE_BROKEN;
    if (there < 4 + length)
        return WIRE_MORE;
    const char *whole = (const char *)evbuffer_pullup(input, (ev_ssize_t)(4 + length));
    if (!whole)
        return WIRE_BROKEN;
    *frame = (struct wire_frame){.kind = (unsigned char)head[4],
                                 .serial = take(head + 5),
                                 .at = whole + HEAD,
                                 .end = whole + 4 + length};
    return WIRE_WHOLE;
}

void wire_drop(struct evbuffer *input)
{
    char head[4];
    evbuffer_copyout(input, head, sizeof head);
    evbuffer_drain(input, 4 + (size_t)take(head));
}

uint32_t wire_read_number(struct wire_frame *frame)
{
    if (frame->broken || frame->end - frame->at < 4) {
        frame->broken = true;
        return 0;
    }
    frame->at += 4;
    return take(frame->at - 4);
}

struct slice wire_read_text(struct wire_frame *frame)
{
    size_t length = wire_read_number(frame);
    if (frame->broken || (size_t)(frame->end - frame->at) < length) {
        frame->broken = true;
        return slice_of("");
    }
    frame->at += length;
    return (struct slice){frame->at - length, length};
}

uint32_t wire_read_count(struct wire_frame *frame, size_t least)
{
    uint32_t count = wire_read_number(frame);
    if (!frame->broken && count <= (size_t)(frame->end - frame->at) / least)
        return count;
    frame->broken = true;
    return 0;
}

bool wire_read_all(const struct wire_frame *frame)
{
    return !frame->broken && frame->at == frame->end;
}
