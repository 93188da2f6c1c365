/*
 * Failover of a message in hand: its gateway could not be used, and the next one of its channel
 * that is free takes it at once. Each gateway has it once. pass.lua writes the next one's name into
 * the message and takes its token; only when that was answered may the next sender begin, so that
 * two gateways never have one message, whatever ends in between. Likewise a message that is begun
 * long after its token gets another one.
 */
#ifndef NUDGED_DELIVERY_PASSING_H
#define NUDGED_DELIVERY_PASSING_H

#include <stdbool.h>

#include "delivery/attempt.h"
#include "delivery/choice.h"
#include "delivery/gateways.h"
#include "delivery/granting.h"

struct passing;

enum passing_end {
    PASSING_NOWHERE, /* no other gateway may have it now: it waits */
    PASSING_BACK,    /* to be given back: it must not be sent any more, which ends it then; or its
                        gateway has no token for it now */
    PASSING_GONE,    /* it is this daemon's no more */
};

struct passing_options {
    struct outbox *outbox;
    struct gateways *gateways;
    struct granting *granting; /* NULL: there is one shard */
    /* It is that gateway's now: to be given to its senders. */
    void (*passed)(void *context, struct attempt *attempt, struct destination *destination);
    void (*ended)(void *context, struct attempt *attempt, enum passing_end end);
    void *context;
};

struct passing *passing_new(const struct passing_options *options);
void passing_destroy(struct passing **passing);

/* Looks for another gateway; its own was noted as tried. False: none is free now, and nothing
 * happens. Else the attempt comes back by one of the callbacks, later. */
bool passing_begin(struct passing *passing, struct attempt *attempt, const struct choice *choice);

/* Asks for another token of the gateway that it is with. It comes back likewise. */
void passing_again(struct passing *passing, struct attempt *attempt,
                   struct destination *destination);

#endif
