/*
 * What one shard tells another of a person: an event that nudged makes, of the key that it is
 * about.
 *
 *   customer.claimed     the key names who stands under `by`, in the shard that tells it
 *   customer.disclaimed  it does not: `by` is to forget it
 *   customer.erased      whom it named was erased, under `by`
 *   customer.moved       who stood under it comes, with all that there is of them (events/parcel)
 *
 * docs/redis.md, "Keys in several shards", has what each comes to.
 */
#ifndef NUDGED_EVENTS_NOTICE_H
#define NUDGED_EVENTS_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "customer/shop_event.h"

enum notice_kind {
    NOTICE_NONE,
    NOTICE_CLAIMED,
    NOTICE_DISCLAIMED,
    NOTICE_ERASED,
    NOTICE_MOVED,
};

struct notice {
    enum notice_kind kind;
    const char *by;   /* a key; of one that moved that under which they stood */
    bool strong;      /* claimed by an event that had the id: whoever else had the key loses it */
    int64_t until_ms; /* how long the claim holds if it is not said anew; since 1970 */
};

/* NOTICE_NONE: it is an event as any other, or one that was led here and is decided as such. */
struct notice notice_read(struct arena *arena, const struct shop_event *event);

/* As JSON, in the arena; `at_ms` is its time. */
struct slice notice_print(struct arena *arena, const struct notice *notice, int64_t at_ms);

#endif
