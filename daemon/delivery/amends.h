/*
 * What is made good in the Redis of a shard once it is known who was to blame for refusals
 * (delivery/blame): suppressions are lifted, mailboxes suppressed, dead letters become messages
 * again. Redis is told in the order of asking, and again until it has answered.
 */
#ifndef NUDGED_DELIVERY_AMENDS_H
#define NUDGED_DELIVERY_AMENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/shard.h"

struct amends;
struct event_base;

struct amends *amends_new(struct event_base *base, struct shard *shard);
void amends_destroy(struct amends **amends);

/* By the hash of an address, or the id of a dead letter; copied. `now_ms` by Redis' clock; what is
 * revived waits for `wait_ms` then. Nothing is told before amends_tell(). */
void amends_lift(struct amends *amends, const char *hash);
void amends_suppress(struct amends *amends, const char *hash, int64_t now_ms);
void amends_revive(struct amends *amends, const char *letter, int64_t wait_ms);

void amends_tell(struct amends *amends);

/* True while Redis has not answered all. */
bool amends_busy(const struct amends *amends);

#endif
