/*
 * Messages that are not sent yet, as nudgectl shows them and has its word on them: those in the
 * outbox, queued, in a sender's hand or waiting for their next try, and those that are held because
 * a gateway may have taken them.
 */
#ifndef NUDGED_STORE_MESSAGES_H
#define NUDGED_STORE_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"

/* One, in an arena. */
struct messages_item {
    const char *mid;
    int64_t at_ms;              /* since when it is queued or held; until when it waits */
    const struct reply *fields; /* of its hash: name, value, … (docs/redis.md); none: it is gone */
    const struct reply *body;   /* its text; nil where there is none */
    const struct reply *held;   /* of one in P:later: nil, unless its domain has no room now */
};

/* A field of its hash; "" where it has none. */
const char *messages_field(const struct messages_item *item, const char *name);

/* Reads those whose mids stand in `items`. */
bool messages_read(struct session *session, const char *prefix, struct arena *arena,
                   struct messages_item *items, size_t count, struct diag *diag);

/* Hears one after the other; each is good until it returns. False: that is enough. */
typedef bool messages_on_item(void *context, const struct messages_item *item);

/* All in the outbox: by queue and class those that stand there, the oldest first; then those that
 * wait, in the order of their times. The held ones, the oldest first. In pages, however many there
 * are; what comes or goes meanwhile may be told or not. False with `diag`. */
bool messages_walk_outbox(struct session *session, const char *prefix, messages_on_item *on_item,
                          void *context, struct diag *diag);
bool messages_walk_uncertain(struct session *session, const char *prefix, messages_on_item *on_item,
                             void *context, struct diag *diag);

enum messages_verdict {
    MESSAGES_DONE,
    MESSAGES_MARKED,       /* drop: a sender has it; it ends when it comes back undelivered */
    MESSAGES_GONE,         /* not there, any more */
    MESSAGES_QUEUED,       /* retry: nothing holds it back */
    MESSAGES_TAKEN,        /* retry: a sender has it */
    MESSAGES_WITHDRAWN,    /* retry: it was withdrawn */
    MESSAGES_SUPPRESSED,   /* retry: its address must not be written to */
    MESSAGES_UNSUBSCRIBED, /* retry: the customer does not want it any more */
    MESSAGES_VERDICTS
};

struct messages_word {
    bool is_held;          /* of the held ones; else of the outbox */
    bool drop;             /* else retry */
    bool dry;              /* only the answer */
    int64_t trace_keep_ms; /* a trace that is begun by it lives so long */
};

/* An operator's word on each (by_hand.lua). False with `diag`: it may be said again. */
bool messages_settle(struct session *session, const char *prefix, const struct messages_word *word,
                     const char *const *mids, size_t count, enum messages_verdict *verdicts,
                     struct diag *diag);

#endif
