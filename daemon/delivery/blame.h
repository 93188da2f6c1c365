/*
 * Who is to blame for refusals, and what is made good: send/suspicion looks at the row of a
 * gateway's refusals; here is what follows from it for addresses and messages.
 *
 * Where the gateway is to blame, those that were suppressed by its word are so no more, and the
 * dead letters of the row become messages again. Where it accepts another recipient, the
 * mailboxes of the row that it does not know are suppressed.
 *
 * Redis is told in the order of asking, and again until it has answered.
 */
#ifndef NUDGED_DELIVERY_BLAME_H
#define NUDGED_DELIVERY_BLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery/attempt.h"
#include "delivery/destination.h"
#include "store/shard.h"

struct blame;
struct event_base;

struct blame *blame_new(struct event_base *base, struct shard *shard);
void blame_destroy(struct blame **blame);

/* Hears of an outcome, before it is settled; `now_ms` by Redis' clock. True: it is a refusal of
 * which the gateway is to blame, as of all that are in its row: blame_forgive() for those of
 * them that are not settled, then blame_amend(). `suspect` is the gateway's setting. */
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

/* True while Redis has not answered all. */
bool blame_busy(const struct blame *blame);

#endif
