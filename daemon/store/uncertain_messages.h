/*
 * Messages that are uncertain, and stay so under `on_uncertain: hold`: a gateway may have taken
 * them, and its answer was lost. P:uncertain names them, with the time since when. For nudgectl.
 */
#ifndef NUDGED_STORE_UNCERTAIN_MESSAGES_H
#define NUDGED_STORE_UNCERTAIN_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"

struct uncertain_message {
    const char *mid;
    int64_t since_ms;
    const char *customer, *gateway; /* NULL where the message is gone */
    const char *body;               /* JSON (docs/redis.md); NULL where the message is gone */
    const char *mark;               /* why it was withdrawn; NULL: it was not */
};

struct uncertain_page {
    struct uncertain_message *messages; /* the oldest first */
    size_t count;
};

/* Up to `most` of those that were uncertain at `before_ms` or earlier (INT64_MAX: all), without
 * the first `skip`. In the arena. */
bool uncertain_messages_list(struct session *session, const char *prefix, int64_t before_ms,
                             size_t skip, size_t most, struct arena *arena,
                             struct uncertain_page *page, struct diag *diag);
bool uncertain_messages_count(struct session *session, const char *prefix, int64_t *count,
                              struct diag *diag);
/* One by its mid; it has no body where it is not uncertain. */
bool uncertain_messages_find(struct session *session, const char *prefix, const char *mid,
                             struct arena *arena, struct uncertain_message *message,
                             struct diag *diag);

enum uncertain_verb { UNCERTAIN_RESEND, UNCERTAIN_DROP };
enum uncertain_verdict {
    UNCERTAIN_DONE,
    UNCERTAIN_GONE,         /* not uncertain */
    UNCERTAIN_WITHDRAWN,    /* not resent: it was withdrawn, and has ended now */
    UNCERTAIN_UNSUBSCRIBED, /* not resent: the customer does not want it any more */
};

/* Settles one; it stands in the customer's trace, which lives `trace_keep_ms` when it is
 * begun by this. */
bool uncertain_messages_settle(struct session *session, const char *prefix,
                               enum uncertain_verb verb, const char *mid, int64_t trace_keep_ms,
                               enum uncertain_verdict *verdict, struct diag *diag);

#endif
