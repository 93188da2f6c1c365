/*
 * The events of a history, read: by the caller's thread, or by one of its own that runs ahead. What
 * comes out is the same. Or those of parts of it, circle by circle.
 */
#ifndef NUDGED_SIMULATE_FEED_H
#define NUDGED_SIMULATE_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "customer/shop_event.h"
#include "simulate/history.h"
#include "simulate/parts.h"

struct feed;

struct feed_item {
    bool is_event;
    struct shop_event event; /* where it is one; `text`: its JSON */
    struct slice text;
    const struct diag *fault; /* else: with file and line */
    int64_t at_ms;
    uint64_t number; /* as of history_entry, like `mark` */
    uint32_t mark;
    uint64_t bytes; /* of the files that were read when it was, about */
};

/* `ahead`: a thread reads. The history is the feed's until it is destroyed. */
struct feed *feed_new(struct history *history, const struct shop_event_form *form, bool ahead);
/* Of one part after the other, each from feed_open on, and of its circles, each from
 * feed_next_circle on. */
struct feed *feed_new_of_parts(const struct shop_event_form *form);
void feed_open(struct feed *feed, const struct parts *parts, uint32_t part);
/* False: there is none. */
bool feed_next_circle(struct feed *feed, uint32_t *circle);
void feed_destroy(struct feed **feed);

/* The events of the lines that have been read, NULL where one is none, and which of them is the
 * line that feed_next gave last. */
const struct shop_event *const *feed_read(const struct feed *feed, size_t *count, size_t *last);

/* The next line; it stays until the call after this one. NULL at the end, or where the history has
 * a fault: then `diag` has a text. */
const struct feed_item *feed_next(struct feed *feed, struct diag *diag);
/* Whether the next call lets go of what the events that were given refer to. */
bool feed_lets_go(const struct feed *feed);

#endif
