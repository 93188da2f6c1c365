/* From a decision to what store/customers writes: the document printed, the texts made. */
#ifndef NUDGED_EVENTS_COMMIT_BUILDER_H
#define NUDGED_EVENTS_COMMIT_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "customer/shop_event.h"
#include "decide/decision.h"
#include "decide/person.h"
#include "decide/policy.h"
#include "store/customers.h"
#include "store/placement.h"

struct commit_builder_input {
    struct customer *customer; /* after the decision */
    const struct person *person;
    const struct customer *const *joined; /* as they were read */
    size_t joined_count;
    const struct said_text *records; /* of P:said, by which it was decided */
    size_t record_count;
    const struct policy *policy;
    const struct placement_home *home; /* NULL: there are no other shards */
    const struct said_text *came;      /* records that came with them from another shard */
    size_t came_count;
    struct decision *decision; /* what has no room in the document is taken out of it */
    const struct shop_event *const *events;
    size_t event_count;
    const char *const *ticks; /* that were decided, as they stand in work */
    size_t tick_count;
    const char *zone; /* as events/zones has it, before the decision; NULL: there was no document */
    int64_t place;    /* in it, likewise */
    int64_t now_ms, keep_ms;
    int64_t epoch, sequence; /* make the document's version one that is never used twice */
};

struct commit_builder_timer {
    const char *key; /* the customer's */
    struct slice document;
    int64_t due_ms, now_ms, keep_ms;
};

/* All of it lies in the arena. False where the document would be too large. */
bool commit_builder_make(const struct commit_builder_input *input, struct arena *arena,
                         struct commit *commit, struct diag *diag);

/* Bytes that it carries to Redis, about. */
size_t commit_builder_size(const struct commit *commit);

/* The events alone, as dead letters with the diag's code and text; the document stays as it
 * is. */
void commit_builder_give_up(struct arena *arena, const struct shop_event *const *events,
                            size_t count, const struct diag *diag, struct commit *commit);

/* A timer that cannot be decided, as a dead letter; the document stays as it is, without a
 * timer. `document` as it was read (text NULL: none): nothing is written where it changed. */
void commit_builder_give_up_timer(struct arena *arena, const struct commit_builder_timer *timer,
                                  const struct diag *diag, struct commit *commit);

#endif
