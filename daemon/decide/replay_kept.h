/* What decide/replay_memory keeps under a key. */
#ifndef NUDGED_DECIDE_REPLAY_KEPT_H
#define NUDGED_DECIDE_REPLAY_KEPT_H

#include <stdint.h>

#include "customer/customer_image.h"
#include "decide/name.h"
#include "decide/replay_clocks.h"
#include "decide/replay_start.h"
#include "decide/replay_timers.h"

struct replay_kept {
    struct name name;             /* its document: whether there is one, and no more */
    struct customer_image *image; /* it; owned */
    void *note;                   /* of who looks on, as of replay_decided */
    struct replay_timer timer;    /* when the customer goes on */
    int64_t deadline_ms;          /* of the journeys; 0: none */
    struct replay_clocks_turn turn;
    int64_t asked_ms;  /* up to here ticks of clocks are done; 0: the customer is new */
    int64_t tick_ms;   /* the next after that; 0: there is none. As of … */
    int64_t ticked_ms; /* … this `asked_ms`; 0: it is not known */
    int64_t expire_ms; /* then the document is forgotten */
    struct replay_start *starts;
    uint32_t start_count, start_capacity;
    uint32_t standing; /* deadlines of the same instant so far, one behind the other */
};

#endif
