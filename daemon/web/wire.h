/*
 * What nudged-web and the daemon say to each other over a Unix stream socket, as bytes. Both ends
 * are of one release: the first word is the number of this protocol.
 *
 *   frame   u32 length of the rest, u8 kind, u32 serial, body
 *   body    u32 numbers and texts (u32 length, bytes), as each kind has them below
 *
 * Numbers are in the machine's own order. Whoever reads takes the other for a stranger: a frame
 * that is too long, unknown or does not end where it should is broken, and ends the connection.
 */
#ifndef NUDGED_WEB_WIRE_H
#define NUDGED_WEB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct evbuffer;

enum { WIRE_PROTOCOL = 2, WIRE_FRAME_MOST = 64 << 20 };

enum wire_kind {
    /* From nudged-web. */
    WIRE_HELLO = 1, /* number WIRE_PROTOCOL */
    WIRE_READY,     /* text: what it could not confine itself by, or ""; it takes requests */
    WIRE_FAULT,     /* text: why it cannot serve; it ends then */
    WIRE_APPEND,    /* number flags (wire_flag), text login, number ms to remember, text digest,
                       number,    texts to remember it by, number, texts: events; answered by
                       WIRE_APPENDED */
    WIRE_QUESTION,  /* text word, text; answered by WIRE_ANSWER */
    WIRE_REQUESTS,  /* text route, number status, number count: that were answered */
    WIRE_REFUSED,   /* text route, number enum web_refusal, number status of the answer or 0,
                       number count */
    WIRE_OPEN,      /* number: connections; each second: so it shows that it lives */

    /* From the daemon. */
    WIRE_SETTINGS = 32, /* text: the `web` section as JSON */
    WIRE_DRAIN,         /* take no more, answer what is under way, end */
    WIRE_APPENDED,      /* number, so many (number enum ask_status, text id or why) */
    WIRE_ANSWER,        /* number enum ask_status, text */
};

enum wire_flag { WIRE_FEEDBACK = 1 /* a provider tells of messages: message.* is let through */ };

/* ---- Writing: wire_begin, what the body has, wire_end ---- */

/* Where the frame began, for wire_end. Frames may follow each other in one buffer. */
size_t wire_begin(struct buf *out, enum wire_kind kind, uint32_t serial);
void wire_number(struct buf *out, uint64_t number); /* above UINT32_MAX: that */
void wire_text(struct buf *out, struct slice text);
/* False where the buffer was too small: the frame is taken back. */
bool wire_end(struct buf *out, size_t begun);

/* ---- Reading ---- */

struct wire_frame {
    uint32_t kind, serial;
    const char *at, *end; /* what is left of the body */
    bool broken;          /* something was not there; what was read is 0 or "" */
};

enum wire_progress { WIRE_MORE, WIRE_WHOLE, WIRE_BROKEN };

/* The first frame of `input`, which holds it until wire_drop. At most `most` bytes. */
enum wire_progress wire_next(struct evbuffer *input, size_t most, struct wire_frame *frame);
void wire_drop(struct evbuffer *input);

uint32_t wire_read_number(struct wire_frame *frame);
struct slice wire_read_text(struct wire_frame *frame); /* within the frame; no NUL behind it */
/* A count of items of at least `least` bytes each, which the rest of the frame could hold. */
uint32_t wire_read_count(struct wire_frame *frame, size_t least);
/* Whether all was there, and nothing is left. */
bool wire_read_all(const struct wire_frame *frame);

#endif
