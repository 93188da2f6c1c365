/*
 * The health of one gateway: its last results, well or not. Counts whatever says that the gateway
 * does not work, be it charged or not (`unhealthy` of an outcome); not what it says of a message or
 * a recipient. Pure; the clock is passed in.
 */
#ifndef NUDGED_SEND_HEALTH_H
#define NUDGED_SEND_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HEALTH_RING = 40,  /* results that are remembered */
    HEALTH_SHARE = 20, /* so many bad ones among them are too many, */
    HEALTH_ROW = 10,   /* or so many without a good one between; of different recipients each */
    HEALTH_MS = 10 * 60 * 1000, /* older ones do not count */
};

/* LOST is an answer that did not come, not even as HTTP 502: bad, but not one of a row. A gateway
 * that is started anew loses those of all its connections at one moment, which is one mishap and
 * not ten. */
enum health_sign { HEALTH_GOOD, HEALTH_BAD, HEALTH_LOST };

struct health_result {
    uint64_t recipient; /* digest_spread() of its address */
    int64_t at_ms;
    enum health_sign sign;
};

struct health {
    struct health_result ring[HEALTH_RING];
    size_t count, next; /* where the next one goes */
};

void health_init(struct health *health);

/* Notes a result. True: with it there are too many bad ones. */
bool health_note(struct health *health, enum health_sign sign, uint64_t recipient, int64_t now_ms);

#endif
