/*
 * A flight: a message between its taking from the outbox and its settling.
 */
#ifndef NUDGED_DELIVERY_FLIGHT_H
#define NUDGED_DELIVERY_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/generation.h"
#include "send/job.h"
#include "store/outbox.h"

struct flight {
    struct flight *next;
    struct arena *arena; /* of all its texts */
    const char *mid, *entry, *customer, *channel, *class_, *body;
    size_t body_length;
    bool hold; /* on_uncertain */
    int64_t attempts, give_up_ms;
    int64_t term;        /* of the lease under which it was taken */
    const char *gateway; /* its name; NULL before one is chosen */
    bool probe;
    struct generation *generation; /* held while the job is under way */
    struct job *job;               /* likewise */
    struct outbox_result result;   /* once it has landed */
};

struct flight *flight_new(const struct outbox_message *message, int64_t term);
void flight_destroy(struct flight **flight);

#endif
