/*
 * Who is to blame for refusals, and what is made good: send/suspicion looks at the row of a
 * gateway's refusals; here is what follows from it for addresses and messages.
 *
 * Where the gateway is to blame, those that were suppressed by its word are so no more, and the
 * dead letters of the row become messages again. Where it accepts another recipient, the
 * mailboxes of the row that it does not know are suppressed.
 *
 * A row has messages of all shards that this daemon works on, each of which is made good in its own
 * (delivery/amends).
 */
#ifndef NUDGED_DELIVERY_BLAME_H
#define NUDGED_DELIVERY_BLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery/amends.h"
#include "delivery/attempt.h"
#include "delivery/destination.h"

struct blame;

/* For shards of the numbers 0 to `shards` - 1. */
struct blame *blame_new(size_t shards);
void blame_destroy(struct blame **blame);

/* Refusals of the shard's messages are made good by these amends, not its own; NULL: by none any
 * more. */
void blame_join(struct blame *blame, size_t shard, struct amends *amends);

/* Hears of an outcome, before it is settled; `now_ms` by Redis' clock. True: it is a refusal of
 * which the gateway is to blame, as of all that are in its row: they are forgiven where
 * they are not settled, then blame_amend(). `suspect` is the gateway's setting. */
bool blame_hear(struct blame *blame, struct destination *destination, struct attempt *attempt,
                size_t suspect, int64_t now_ms);

/* Whether an attempt that is not settled stands in the row. */
bool blame_includes(const struct destination *destination, const struct attempt *attempt);

/* The row was blamed on the gateway: lifts its suppressions, and revives its dead letters, which
 * wait for so many ms then. */
void blame_amend(struct blame *blame, struct destination *destination, int64_t wait_ms);

/* An attempt that was refused has been settled; `letter`: the dead letter that it became, or NULL.
 */
void blame_note_settled(struct blame *blame, struct destination *destination,
                        const struct attempt *attempt, const char *letter);

#endif
