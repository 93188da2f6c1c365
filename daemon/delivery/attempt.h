/*
 * An attempt: a message in hand, from its taking out of the outbox to its settling.
 *
 * It belongs to the loop, but for the time between senders_give() and senders_collect(),
 * when a sender has it, in its thread; then nobody else looks at it.
 */
#ifndef NUDGED_DELIVERY_ATTEMPT_H
#define NUDGED_DELIVERY_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"
#include "config/generation.h"
#include "delivery/hand.h"
#include "send/senders.h"
#include "store/shard.h"

struct attempt {
    struct senders_job job;    /* with what came of it */
    struct attempt *next;      /* in the list of delivery that it is in */
    struct arena *arena;       /* in which it lies itself, and all its texts */
    const struct shard *shard; /* where it stands */

    /* As it was taken. */
    const char *mid, *entry, *queue, *customer, *channel, *class_;
    const char *topic;
    const char *domain; /* of its mailbox; "": none */
    const char *body;   /* JSON, NUL-terminated */
    size_t body_length;
    const char *code;   /* that it was given; NULL: none */
    bool hold;          /* its rule says `on_uncertain: hold` */
    int64_t charged;    /* attempts before this one */
    int64_t give_up_ms; /* Redis' clock */
    int64_t load;       /* of the daemon's files */
    int64_t term;       /* of the lease under which it was taken */
    int64_t losses;     /* of the connection when it was taken: outbox_losses() */
    int64_t token_ms;   /* clock_monotonic_ms() of its token; 0: it needed none */
    int64_t granted_ms; /* of its grant (store/grants), by that Redis' clock; 0: it had none */
    bool bound;         /* to its gateway: an uncertain attempt was made there */

    struct generation *generation; /* rules and templates; a hold of its own, or NULL */
    const char *gateway;           /* its name; NULL before one is chosen */
    bool late;                     /* given back, as its token was too old */
    bool probe;                    /* of that gateway's breaker */
    uint64_t tried;                /* gateways of its channel that had it, by their bits: choice */
    const char *earlier;           /* the trace of what came of these, a line each; NULL: none */

    /* Once it was read: */
    struct value message; /* the body; null before, and where it is no JSON */
    uint64_t recipient;   /* digest_spread() of the address, for the breaker; 0: unknown */

    struct hand_place *place; /* for the next life of the daemon; NULL: it will know nothing */

    uint64_t refusal; /* its number in the row of its gateway's suspicion; 0: it is in none */
    bool forgiven;    /* the gateway is to blame for that, while its result is being written */

    const char *fault; /* the code of what kept it from being made; NULL: nothing did */

    struct outbox_result result; /* once it is to be settled */
};

/* Copies the message; without a shard and a generation. */
struct attempt *attempt_new(const struct outbox_message *message, int64_t term);
void attempt_destroy(struct attempt **attempt);
void attempts_destroy(struct attempt *first); /* a list of them */

/* The attempt of which this is the job. */
struct attempt *attempt_of(struct senders_job *job);

/* The name in the log of the event that it came of (decide/message_body); "" before it was read. */
const char *attempt_event(const struct attempt *attempt);

/* Whom it is to; NULL before it was read. */
const char *attempt_to(const struct attempt *attempt);

/* Parses the body, where that was not done before, and finds its recipient. False where it is no
 * JSON ("bad-message"). */
bool attempt_read(struct attempt *attempt, struct diag *diag);

#endif
