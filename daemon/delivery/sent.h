/*
 * What this daemon has handed over lately, or is handing over. A Redis that lost its last moments
 * has such a message decided once more, or still as in hand; who has it knows better, and does not
 * send it again. Another daemon does not know of it: docs/scale.md.
 */
#ifndef NUDGED_DELIVERY_SENT_H
#define NUDGED_DELIVERY_SENT_H

#include <stdint.h>

enum {
    SENT_MOST = 8192,      /* messages that are minded; of more the older ones are forgotten */
    SENT_KEEP_MS = 300000, /* after they went: for longer than it takes to replace a master */
};

enum sent_state {
    SENT_UNKNOWN,   /* not by this daemon, as far as it knows */
    SENT_UNDER_WAY, /* it is in hand: what comes of it is not known yet */
    SENT_GONE,
};

struct sent;

struct sent *sent_new(void);
void sent_destroy(struct sent **sent);

/* A message begins. `losses`: how often the connection to Redis had been lost when it was taken
 * (outbox_losses); times are of the monotonic clock. */
void sent_begin(struct sent *sent, const char *mid, int64_t losses, int64_t now_ms);
/* It went, through a gateway whose name outlives this; NULL: it did not. */
void sent_end(struct sent *sent, const char *mid, const char *gateway, int64_t now_ms);

/* Of a message that is taken now: what became of it before the connection was lost for the last
 * time; `*gateway` only where it has gone. With no loss since then somebody wants it once more. */
enum sent_state sent_find(const struct sent *sent, const char *mid, int64_t losses, int64_t now_ms,
                          const char **gateway);

#endif
