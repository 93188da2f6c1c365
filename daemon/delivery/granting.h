/*
 * Messages for a gateway whose bounds are counted over many shards: before some are taken it looks
 * how many there are (store/outbox_demand), and asks for as many as its senders can begin
 * (store/grants); what the take does not use is given back at once. A message in hand that passes
 * to such a gateway has a grant of its own.
 */
#ifndef NUDGED_DELIVERY_GRANTING_H
#define NUDGED_DELIVERY_GRANTING_H

#include <stdbool.h>
#include <stddef.h>

#include "delivery/gateways.h"
#include "store/grants.h"
#include "store/shard.h"

struct granting;

struct granting_options {
    struct scripts *counting; /* of the shard that counts for all */
    struct shard *shard;
    struct gateways *gateways;
};

struct granting *granting_new(const struct granting_options *options);
/* No callback comes any more. */
void granting_destroy(struct granting **granting);

/* Whether a grant is needed. `granting` NULL: never, as there is one shard. */
bool granting_concerns(const struct granting *granting, const struct outbox_gateway *bounds);

/* `most`: for so many it was asked in the end. Where the shard that counts is away, the answer is
 * to wait for a while. */
typedef void granting_on_taken(void *context, const struct outbox_taken *taken, size_t most);
/* In place of outbox_take(), for at most `most`; what is asked for is promised to the destination
 * meanwhile. The channel's name must outlive the call. */
void granting_take(struct granting *granting, const char *channel, struct destination *destination,
                   bool own_only, size_t most, granting_on_taken *callback, void *context);

/* In place of outbox_pass(); the texts of the pass must outlive the call, `domain` is read at once.
 */
void granting_pass(struct granting *granting, const struct outbox_pass *pass, const char *domain,
                   outbox_on_passed *callback, void *context);

/* A message that was granted did not begin in time: another may go in its place. Nothing, where it
 * had no grant. */
void granting_return(struct granting *granting, const struct destination *destination,
                     struct attempt *attempt);

#endif
