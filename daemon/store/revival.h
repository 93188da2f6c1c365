/*
 * Dead letters that go back to where they came from (revive.lua): by an operator's word, or because
 * the gateway was to blame and not the message. A message stands in P:later then, and an event
 * `message.requeued` has deciding count it anew, or take it back; an event is pushed once more; a
 * timer is due.
 */
#ifndef NUDGED_STORE_REVIVAL_H
#define NUDGED_STORE_REVIVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/slice.h"
#include "redis/scripts.h"
#include "redis/session.h"

enum revival_verdict {
    REVIVAL_DONE,
    REVIVAL_GONE, /* there is no such letter, any more */
    /* Of all others nothing was written: the letter stays. */
    REVIVAL_WAITS,        /* the message is in the outbox already */
    REVIVAL_WITHDRAWN,    /* it was withdrawn before it was a dead letter */
    REVIVAL_SUPPRESSED,   /* its address must not be written to */
    REVIVAL_UNSUBSCRIBED, /* the customer has said no since */
    REVIVAL_ERASED,       /* the customer was erased since */
    REVIVAL_LATE,         /* its time is over */
    REVIVAL_NO_CODE,      /* no code is left for it */
    REVIVAL_BROKEN,       /* the letter lacks what it needs */
    REVIVAL_NOBODY,       /* the customer of a timer is not known here, any more */
    REVIVAL_NEVER,        /* of its kind none can go back */
    REVIVAL_VERDICTS
};

struct revival_letter {
    const char *id; /* of the entry in P:dead */
    /* Of its address, as in commit_message: for letters of a former program, which lack them. NULL
     * else. */
    const char *hash, *said;
    struct slice instead; /* of an event: what is pushed in place of its body; text NULL: that */
};

struct revival_terms {
    int64_t wait_ms;  /* from now, until a message is tried */
    bool anew;        /* it has as much time as its rule gave it at first; false: what is left */
    bool dry;         /* only the verdicts: nothing is written */
    const char *word; /* why, for the trace: "by hand" */
};

/* By nudgectl: `verdicts[i]` is of letters[i]. False with `diag`: then call it again, what was done
 * is REVIVAL_GONE. */
bool revival_retry(struct session *session, const char *prefix, const struct revival_terms *terms,
                   const struct revival_letter *letters, size_t count,
                   enum revival_verdict *verdicts, struct diag *diag);

/* By the daemon: `letters` are ids. With a `fault` there is no answer; then call it again. All is
 * copied; `owner` and `callback` as in connection_request. */
typedef void revival_on_done(void *context, const struct diag *fault,
                             const enum revival_verdict *verdicts, size_t count);
void revival_start(struct scripts *scripts, struct connection_owner *owner,
                   const struct revival_terms *terms, const char *const *letters, size_t count,
                   revival_on_done *callback, void *context);

#endif
