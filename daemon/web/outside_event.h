/*
 * An event that comes over the web, on its way to the stream: all that a stranger says goes through
 * outside_event_make(), whether it was posted, mapped from a webhook, or follows from a click.
 *
 * Refused is what would make it look like one of nudged's own (`source: nudged`, `hops`, types that
 * begin with `message.`), what its sender has no right to say, and what the daemon would refuse
 * when it reads it: so no accepted event becomes a dead letter for its form.
 */
#ifndef NUDGED_WEB_OUTSIDE_EVENT_H
#define NUDGED_WEB_OUTSIDE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"
#include "base/value.h"

/* What else than a shop's own types its sender may say. */
enum outside_right {
    OUTSIDE_SUBSCRIPTIONS = 1, /* customer.unsubscribed, .subscribed, .resubscribed */
    OUTSIDE_ERASURE = 2,       /* customer.erased */
    OUTSIDE_FEEDBACK = 4,      /* message.*: what a provider of mail reports */
};

struct outside_caller {
    const char *const *key_paths; /* the configuration's customer.keys, NULL-terminated */
    int64_t now_ms;               /* since 1970 */
    unsigned rights;              /* a sum of enum outside_right */
};

struct outside_event {
    const char *type;
    const char *id;    /* "" where it has none */
    struct slice json; /* what is to be appended: at most 256 KiB */
};

/* From a tree, the short form or CloudEvents 1.0, to what is appended. `text`: the JSON that the
 * tree was read from, for line and column of a fault; its `text` is NULL where it was made.
 * All lies in the arena. False: `diag` has code and text. Codes of its own: "reserved-source",
 * "reserved-hops", "reserved-type", "no-right"; else those of shop_event_read() and of reading
 * JSON. */
bool outside_event_make(struct arena *arena, const struct value *root, struct slice text,
                        const struct outside_caller *caller, struct outside_event *event,
                        struct diag *diag);

/* The right that a type needs; 0: none but to push. */
unsigned outside_event_right(const char *type, size_t length);

#endif
