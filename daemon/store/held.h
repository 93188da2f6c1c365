/*
 * Messages that are parked under `on_uncertain: hold`: a gateway may have taken them, and
 * its answer was lost. P:uncertain names them, with the time since when. For nudgectl.
 */
#ifndef NUDGED_STORE_HELD_H
#define NUDGED_STORE_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"

struct held_message {
    const char *mid;
    int64_t since_ms;
    const char *customer, *gateway; /* NULL where the message is gone */
    const char *body;               /* JSON (docs/redis.md); NULL where the message is gone */
};

struct held_page {
    struct held_message *messages; /* the longest parked first */
    size_t count;
};

/* Up to `most` of those that were parked at `before_ms` or earlier (INT64_MAX: all), without
 * the first `skip`. In the arena. */
bool held_list(struct session *session, const char *prefix, int64_t before_ms, size_t skip,
               size_t most, struct arena *arena, struct held_page *page, struct diag *diag);
/* One by its mid; it has no body where it is not parked. */
bool held_find(struct session *session, const char *prefix, const char *mid, struct arena *arena,
               struct held_message *message, struct diag *diag);

enum held_verb { HELD_RESEND, HELD_DROP };
enum held_verdict {
    HELD_DONE,
    HELD_GONE,         /* not parked */
    HELD_UNSUBSCRIBED, /* not resent: the customer does not want it any more */
};

/* Settles one; it stands in the customer's trace, which lives `trace_keep_ms` when it is
 * begun by this. */
bool held_settle(struct session *session, const char *prefix, enum held_verb verb, const char *mid,
                 int64_t trace_keep_ms, enum held_verdict *verdict, struct diag *diag);

#endif
