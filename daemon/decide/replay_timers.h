/* The deadlines of many customers, the earliest first; what was moved stays until it comes up. */
#ifndef NUDGED_DECIDE_REPLAY_TIMERS_H
#define NUDGED_DECIDE_REPLAY_TIMERS_H

#include <stdint.h>

/* Of one customer; its owner keeps it in place. All zero: none. */
struct replay_timer {
    int64_t at_ms;   /* 0: none */
    const char *key; /* of those at the same moment the lower one is first */
};

struct replay_timers_entry {
    int64_t at_ms;
    uint64_t begin;             /* of the key, as a number that is in the same order */
    struct replay_timer *timer; /* which may be elsewhere by now */
};

struct replay_timers_list {
    struct replay_timers_entry *items; /* owned */
    uint32_t count, capacity;
};

enum { REPLAY_TIMERS_SPANS = 1024 };

/* All zero: none. */
struct replay_timers {
    struct replay_timers_list near;   /* all that are before `span` begins: a heap */
    struct replay_timers_list *spans; /* as many from there on, in no order; NULL as long as there
                                         are few, which are all near */
    struct replay_timers_list later;  /* behind them, in no order */
    int64_t span;                     /* the first, by its number since 1970; … */
    int64_t later_span;               /* … and the first of which there is one in `later` */
    uint32_t count, sweep_at;         /* entries; and with how many the stale ones go */
    uint32_t set;                     /* timers that are set */
};

/* Sets, moves or, with 0, removes it. */
void replay_timers_set(struct replay_timers *timers, struct replay_timer *timer, int64_t at_ms);
/* The earliest; NULL: there is none. */
struct replay_timer *replay_timers_first(struct replay_timers *timers);
/* None is set any more, and none is looked at. */
void replay_timers_clear(struct replay_timers *timers);
void replay_timers_free(struct replay_timers *timers);

#endif
