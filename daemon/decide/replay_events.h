/* The events that nudged itself makes, on a virtual clock: in the order in which they were made. */
#ifndef NUDGED_DECIDE_REPLAY_EVENTS_H
#define NUDGED_DECIDE_REPLAY_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "decide/decision.h"
#include "decide/replay_order.h"
#include "rules/ruleset.h"

struct replay_own {
    struct slice event; /* JSON */
    const char *key;    /* of the customer whom it is about */
    uint32_t depth;     /* of its replay_order, as it would be were nothing due yet */
    uint64_t number;
};

struct replay_events {
    struct replay_own *items; /* owned */
    uint32_t first, count, capacity;
};

/* What comes of the decision that has its place there: events about other customers; and what
 * delivery would tell of its messages, which are sent at once, as far as the rules name it. */
void replay_events_tell(struct replay_events *events, const struct ruleset *rules,
                        const char *customer, const struct decision *decision,
                        const struct replay_order *order, struct arena *arena);

static inline bool replay_events_are_none(const struct replay_events *events)
{
    return events->first == events->count;
}

/* The next, of at least one; in the arena. */
struct replay_own replay_events_next(struct replay_events *events, struct arena *arena);
/* Forgets what has not been taken. */
void replay_events_clear(struct replay_events *events);
void replay_events_free(struct replay_events *events);

#endif
