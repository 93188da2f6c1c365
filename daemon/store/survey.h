/* What waits on one prefix, and for how long, at one moment: for nudgectl. */
#ifndef NUDGED_STORE_SURVEY_H
#define NUDGED_STORE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "redis/session.h"

/* Of one channel and class; what only one of its gateways may send counts too. */
struct survey_queue {
    const char *channel, *class;
    int64_t count;    /* messages that wait, or are being sent */
    int64_t since_ms; /* when the oldest was put there; 0: there is none */
};

/* All times are Redis', in ms since 1970; 0 where there is none. */
struct survey {
    int64_t now_ms;
    int64_t events, events_since_ms; /* in the stream: when the oldest came */
    int64_t inbox;                   /* in the list that shops push to */
    int64_t timers;                  /* customers with a deadline */
    int64_t due, due_since_ms;       /* whose deadline is over, and when the oldest was */
    int64_t deciding;                /* whose deadline is being decided */
    int64_t later;                   /* messages that wait for another try */
    int64_t uncertain, uncertain_since_ms;
    int64_t withdrawn;                          /* of the uncertain: they end by themselves */
    int64_t full_transactional, full_marketing; /* customers whose sends wait for room */
    int64_t dead, dead_newest_ms;
    struct survey_queue *queues; /* by channel, receipts first */
    size_t queue_count;
};

/* `inbox`: the list's key; "": there is none. In the arena. */
bool survey_read(struct session *session, const char *prefix, const char *inbox,
                 struct arena *arena, struct survey *survey, struct diag *diag);

#endif
