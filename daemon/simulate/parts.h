/*
 * A history dealt out by people, so that few are in hand at a time: all events of somebody are in
 * one part, with those of everybody who may have to do with them, because an event names both, they
 * have an address in common, or one is named in the other's profile. What is known of the people of
 * a part fits into the processor's cache.
 *
 * The lines are copied to a file without a name, as large as the history. While they are dealt out
 * a line takes 40 bytes of memory; a name takes 16 to 32, and 4 more.
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
/* Where whom a key names is, by the hash of that (base/map); PARTS_NOWHERE: no event names them. */
uint32_t parts_of(const struct parts *parts, uint64_t hash);

/* The lines of a part, in order. What is no event comes when the event before it did. All zero at
 * first. */
struct parts_cursor {
    const char *begin, *at, *end; /* of the part; what was not given yet */
};

/* What the cursor gave before need not stay in memory. */
void parts_open(struct parts_cursor *cursor, const struct parts *parts, uint32_t part);
/* False at the end. An entry lasts until the part's cursor is opened anew. */
bool parts_next(struct parts_cursor *cursor, struct history_entry *entry);

#endif
