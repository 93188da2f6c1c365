/* How long to wait before the next try: 50 ms, doubled to 5 s at most, full jitter
 * (a random part of it, so that many who failed together do not come back together). */
#ifndef NUDGED_REDIS_BACKOFF_H
#define NUDGED_REDIS_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 50, BACKOFF_MOST_MS = 5000 };

struct backoff {
    int64_t ceiling_ms; /* 0: nothing failed yet */
    int64_t most_ms;    /* in place of 5 s; 0: that */
};

/* Milliseconds to wait now, 1 to the most; the next answer may be twice as long. */
int64_t backoff_next(struct backoff *backoff);
void backoff_reset(struct backoff *backoff);

#endif
