/* The deadlines of many customers, the earliest first: a heap. */
#ifndef NUDGED_DECIDE_REPLAY_TIMERS_H
#define NUDGED_DECIDE_REPLAY_TIMERS_H

#include <stdint.h>

/* Of one customer; its owner keeps it in place. All zero: none. */
struct replay_timer {
    int64_t at_ms;
    uint32_t place;  /* in the heap, from 1; 0: it is not there */
    const char *key; /* of those at the same moment the lower one is first */
};

struct replay_timers {
    struct replay_timer **heap; /* owned; its first item is not used */
    uint32_t count, capacity;
};

/* Sets, moves or, with 0, removes it. */
void replay_timers_set(struct replay_timers *timers, struct replay_timer *timer, int64_t at_ms);
/* The earliest; NULL: there is none. */
struct replay_timer *replay_timers_first(const struct replay_timers *timers);
void replay_timers_free(struct replay_timers *timers);

#endif
