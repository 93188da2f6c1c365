/* Housekeeping of the outbox, which every daemon does all the time. */
#ifndef NUDGED_STORE_OUTBOX_SWEEP_H
#define NUDGED_STORE_OUTBOX_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "store/outbox.h"

struct outbox_swept {
    const struct diag *fault;
    size_t resent;    /* messages of dead daemons put back into the outbox */
    size_t uncertain; /* and put into P:uncertain */
    size_t requeued;  /* retries that became due */
    size_t buried;    /* messages that can go nowhere: dead letters, as the log says */
    int64_t next_ms;  /* ask again after so many: 0 (there is more) to 1,000 */
};

typedef void outbox_on_swept(void *context, const struct outbox_swept *swept);
/* Claims what dead daemons had taken, moves due retries back, trims P:dead. */
void outbox_sweep(struct outbox *outbox, bool tells_uncertain, outbox_on_swept *callback,
                  void *context);

#endif
