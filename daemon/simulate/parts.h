/*
 * A history dealt out by people, so that few are in hand at a time. A circle is somebody with
 * everybody who may have to do with them, because an event names both, they have an address in
 * common, or one is named in the other's profile: most are one person. A part has the events of
 * some hundred circles, and gives them circle by circle.
 *
 * The lines are copied to a file without a name, as large as the history. While they are dealt out
 * a line takes 40 bytes of memory; a name takes 16 to 32, and 4 more, and a circle 4.
 */
#ifndef NUDGED_SIMULATE_PARTS_H
#define NUDGED_SIMULATE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "customer/shop_event.h"
#include "simulate/history.h"

enum { PARTS_MOST = 1 << 16 };
#define PARTS_NOWHERE UINT32_MAX

struct parts;

struct parts_options {
    const struct shop_event_form *form;
    const char *const *others; /* as of event_names_open */
    int64_t to_ms;             /* what comes then or later is left out */
    uint32_t count;            /* at most; 0: as many as are good */
};

/* Reads the history, which must last. NULL where it cannot be dealt out, or is one part: then it
 * can be read from its beginning again (history_rewind). Where it has a fault the parts have what
 * comes before that, and `diag` has a text. `on_progress` may be NULL: so many bytes were read by
 * now. */
struct parts *parts_new(struct history *history, const struct parts_options *options,
                        void (*on_progress)(void *context, uint64_t bytes), void *context,
                        struct diag *diag);
void parts_free(struct parts **parts);

uint32_t parts_count(const struct parts *parts);
/* When the last line came that is an event; 0: there is none. */
int64_t parts_last_ms(const struct parts *parts);
/* The circle of whom a key names, by the hash of that (base/map); PARTS_NOWHERE: no event names
 * them. */
uint32_t parts_circle_of(const struct parts *parts, uint64_t hash);

/* The lines of a part, circle by circle, those of each in order. What is no event comes when the
 * event before it did. All zero at first. */
struct parts_cursor {
    const char *begin, *end;      /* of the part */
    const char **lines;           /* in the order in which they are given; owned */
    uint32_t *begins;             /* of the circles in them, and of what would follow; owned */
    uint32_t first, circle_count; /* the circles of the part */
    uint32_t next, at;            /* of these the next, and of the lines */
};

/* What the cursor gave before need not stay in memory. */
void parts_open(struct parts_cursor *cursor, const struct parts *parts, uint32_t part);
void parts_close(struct parts_cursor *cursor);
/* Goes on with the next circle; false: there is none. */
bool parts_next_circle(struct parts_cursor *cursor, uint32_t *circle);
/* The next line of the circle; false at its end. An entry lasts until the cursor is opened anew. */
bool parts_next(struct parts_cursor *cursor, struct history_entry *entry);

#endif
