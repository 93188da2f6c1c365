/*
 * Which of its gateways a channel uses: the first one, in the order of the configuration, that is
 * free now. One that is busy, slowed, left alone, or without a token, never makes it wait while
 * another is free.
 */
#ifndef NUDGED_DELIVERY_CHOICE_H
#define NUDGED_DELIVERY_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delivery/attempt.h"
#include "delivery/destination.h"

/* A gateway, as one channel sees it. Channels may share it. */
struct choice_lane {
    struct destination *destination;
    int64_t not_before_ms; /* no tokens until then; clock_monotonic_ms() */
};

/* In the order of preference. A channel has at most CHOICE_MOST gateways. */
struct choice {
    struct choice_lane *lanes;
    size_t count;
};

enum { CHOICE_MOST = 64 };

bool choice_is_free(const struct choice_lane *lane, int64_t now_ms);

/* The first one that is free now; NULL: none is. */
struct choice_lane *choice_free(const struct choice *choice, int64_t now_ms);

/* The first one that will be free so soon that a message may wait for it; NULL: none will. */
struct choice_lane *choice_ahead(const struct choice *choice, int64_t now_ms);

/* The first one that is free now and has not had this attempt; NULL: there is none. */
struct choice_lane *choice_next(const struct choice *choice, const struct attempt *attempt,
                                int64_t now_ms);

/* The attempt was with the gateway of its name, or should have been: not again. */
void choice_note_tried(const struct choice *choice, struct attempt *attempt,
                       const struct destination *destination);

/* Until one of them takes part, as far as can be known, in ms; 0: one does, busy or not. */
int64_t choice_wait_ms(const struct choice *choice);

#endif
