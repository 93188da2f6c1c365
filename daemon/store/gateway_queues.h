/* What waits for a gateway, and how much of its rate is used, for nudgectl. */
#ifndef NUDGED_STORE_GATEWAY_QUEUES_H
#define NUDGED_STORE_GATEWAY_QUEUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "redis/session.h"

struct gateway_queues {
    int64_t transactional, marketing; /* entries of its channels' streams, those in hand too */
    int64_t bound;                    /* of its own queues: what only this gateway may send */
    int64_t used;                     /* messages that its rate let go in its window; 0: no rate */
};

/* `channels`: those that list it, NULL-terminated. `window_ms`: of its rate; 0: it has none. */
bool gateway_queues_read(struct session *session, const char *prefix, const char *gateway,
                         const char *const *channels, int64_t window_ms,
                         struct gateway_queues *queues, struct diag *diag);

#endif
