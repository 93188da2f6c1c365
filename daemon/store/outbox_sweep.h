/* Housekeeping of the outbox, which every daemon does all the time. */
#ifndef NUDGED_STORE_OUTBOX_SWEEP_H
#define NUDGED_STORE_OUTBOX_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "store/outbox.h"

struct outbox_swept {
    const struct diag *fault;
    size_t resent;    /* messages of dead daemons, and lost ones, put back into the outbox */
    size_t uncertain; /* and put into P:uncertain */
    size_t sent;      /* and settled, as it is known that they went */
    size_t requeued;  /* retries that became due */
    size_t buried;    /* messages that can go nowhere: dead letters, as the log says */
    bool whole;       /* nothing is left that dead daemons had taken */
    int64_t next_ms;  /* ask again after so many: 0 (there is more) to 1,000 */
};

typedef void outbox_on_swept(void *context, const struct outbox_swept *swept);
/* The connection is lost. Redis may have lost its last moments when it is back (it died, a replica
 * took over), and with them what it was told of messages: outbox_sweep() looks for these. */
void outbox_note_loss(struct outbox *outbox);
/* How often it was lost: who has messages in hand knows by that which were taken before the last.
 */
int64_t outbox_losses(const struct outbox *outbox);

/* What is known of a message that a daemon had in hand which has ended, and that is still taken: no
 * sender had begun it, or nobody can have it, or its gateway has taken it. */
enum outbox_known_stage { OUTBOX_KNOWN_WAITING, OUTBOX_KNOWN_BEGUN, OUTBOX_KNOWN_TAKEN };
struct outbox_known {
    const char *mid, *owner; /* its consumer, which is dead for certain */
    enum outbox_known_stage stage;
};

struct outbox_sweep {
    const struct outbox_known *known; /* copied */
    size_t known_count;
    bool tells_uncertain; /* some rule asks for message.uncertain */
    bool tells_sent;      /* likewise for message.sent */
    bool hand_is_new;     /* nothing is in hand that was taken before the last outbox_note_loss() */
};

/* Claims what dead daemons had taken, and what this one has settled though Redis has forgotten it;
 * moves due retries back, trims P:dead. */
void outbox_sweep(struct outbox *outbox, const struct outbox_sweep *sweep,
                  outbox_on_swept *callback, void *context);

#endif
