/*
 * The text of events, in pieces as they are read, into its events: JSON objects on a line each, or
 * over many lines, or in one list (or several). Blank lines, and those that begin with #, are
 * passed over.
 *
 * It finds where an object ends, not whether it is right: what does not hold together is told as
 * a piece too, up to the line with which something new begins, and who takes it reads it as JSON.
 */
#ifndef NUDGED_CUSTOMER_EVENT_SPLITTER_H
#define NUDGED_CUSTOMER_EVENT_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum event_splitter_kind {
    EVENT_SPLITTER_OBJECT,  /* begins with a brace */
    EVENT_SPLITTER_OTHER,   /* a line, or an item of a list, that does not */
    EVENT_SPLITTER_LARGE,   /* an object of more than an event's bytes: `text` is its beginning */
    EVENT_SPLITTER_UNENDED, /* no text: the list has no `,` or `]` where one must be */
};

struct event_splitter_piece {
    enum event_splitter_kind kind;
    const char *text; /* NUL-terminated; good for the time of the call */
    size_t length;
    uint32_t line, column; /* of its first character, from 1 */
};

typedef void event_splitter_take(void *context, const struct event_splitter_piece *piece);

/* Its members are its own. */
struct event_splitter {
    event_splitter_take *take;
    void *context;
    bool strict;           /* set by the caller: what begins with # is no comment */
    int where;             /* enum where */
    uint32_t line, column; /* of the character that comes next */
    bool blank;            /* only blanks stand before it on its line */

    /* The piece that is being gathered, or was the last. */
    struct buf text;
    uint32_t begun_line, begun_column;
    bool in_string, escaped;
    uint32_t depth; /* of containers that are open */
    uint64_t lists; /* a bit for each of them: it is a list */
    char last;      /* character outside of strings that is no blank */

    bool in_list; /* each item is an event */
    bool lost;    /* nothing counts up to a line that looks like the beginning of an event */
};

void event_splitter_init(struct event_splitter *splitter, event_splitter_take *take, void *context);
void event_splitter_free(struct event_splitter *splitter);

void event_splitter_feed(struct event_splitter *splitter, const char *bytes, size_t length);
/* There is no more: gives what was begun. */
void event_splitter_end(struct event_splitter *splitter);

#endif
