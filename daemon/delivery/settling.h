/*
 * Results that stand are written: all that came together in one call, and again until there is an
 * answer. Attempts belong to it until they have been settled.
 */
#ifndef NUDGED_DELIVERY_SETTLING_H
#define NUDGED_DELIVERY_SETTLING_H

#include <stdbool.h>
#include <stddef.h>

#include "delivery/attempt.h"

struct settling;
struct event_base;
struct log_group;

struct settling_options {
    struct event_base *base;
    struct outbox *outbox;
    struct log_group *log_group; /* not its own */
    /* An attempt was settled, and is freed after this. */
    void (*settled)(void *context, struct attempt *attempt, const struct outbox_answer *answer);
    void (*rested)(void *context); /* nothing is left to be written */
    void *context;
};

struct settling *settling_new(const struct settling_options *options);
void settling_destroy(struct settling **settling);

/* With its result: it is written with the others that come in the same turn of the loop. */
void settling_add(struct settling *settling, struct attempt *attempt);

/* What was to be settled proved to be somebody else's: the log says so, and the attempt ends. */
void settling_drop(struct settling *settling, struct attempt *attempt);

/* Visits each that is not settled. `asked`: it is being written, with the result that it has. */
void settling_each(struct settling *settling,
                   void (*visit)(void *context, struct attempt *attempt, bool asked),
                   void *context);

#endif
