/* What a take would find for a gateway, so that as much may be asked for in another shard first. */
#ifndef NUDGED_STORE_OUTBOX_DEMAND_H
#define NUDGED_STORE_OUTBOX_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/outbox.h"

struct outbox_demand {
    const struct diag *fault;   /* NULL, or why it failed: then there is nothing else */
    int64_t now_ms;             /* Redis' TIME */
    int64_t behind_ms;          /* as of a take */
    bool paused;                /* likewise */
    size_t count;               /* at most so many as were asked for, more where domains matter */
    bool fresh;                 /* some of them are not held for a domain */
    const char *const *domains; /* of each; "": none. NULL: domains do not matter */
};

/* Gone when the callback returns. */
typedef void outbox_on_demand(void *context, const struct outbox_demand *demand);
/* As outbox_take(), with nothing taken. */
void outbox_ask_demand(struct outbox *outbox, const char *channel,
                       const struct outbox_gateway *gateway, size_t most,
                       outbox_on_demand *callback, void *context);

#endif
