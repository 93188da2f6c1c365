/*
 * The breaker of one gateway: a pure state machine, the clock is passed in.
 *
 *   CLOSED ----- a gateway fault, bad health, or refusals that are its own -----> OPEN
 *   OPEN   ----- its time is over, one message is let through (the probe) ------> HALF_OPEN
 *   HALF_OPEN -- the probe showed a gateway that works -------------------------> CLOSED
 *   HALF_OPEN -- it did not: open again, for twice as long ---------------------> OPEN
 *
 * Never from OPEN to CLOSED on a time alone; a success of what was begun before
 * it opened does not close it either: only the probe's does.
 */
#ifndef NUDGED_SEND_BREAKER_H
#define NUDGED_SEND_BREAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "send/health.h"
#include "send/outcome.h"

enum {
    BREAKER_FIRST_MS = 5000,
    BREAKER_MOST_MS = 300000,
    /* Where it answers, but refuses everybody: a stale list may look so. */
    BREAKER_REFUSED_MOST_MS = 30000,
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

/* Why it is not closed. */
enum breaker_why { BREAKER_WELL, BREAKER_FAULT, BREAKER_HEALTH, BREAKER_REFUSALS };

struct breaker {
    enum breaker_state state;
    enum breaker_why why; /* WELL while CLOSED */
    int64_t until_ms;     /* OPEN: no probe before this */
    int64_t backoff_ms;   /* how long it was opened for the last time; 0 once it worked again */
    struct health health;
};

void breaker_init(struct breaker *breaker);

/* How many messages may be begun now: SIZE_MAX, 0, or 1 (a probe is due). Changes
 * nothing: tell breaker_begin() of what was begun. */
size_t breaker_allows(const struct breaker *breaker, int64_t now_ms);

/* A message was begun: returns whether it is the probe (keep that with the message,
 * and report it: until then nothing else is let through). */
bool breaker_begin(struct breaker *breaker, int64_t now_ms);

/* What breaker_report() hears of a message that came back. */
struct breaker_report {
    const struct outcome *outcome;
    uint64_t recipient; /* digest_spread() of its address */
    bool suspected;     /* a refusal for which the gateway is to blame: send/suspicion */
    bool probe;         /* as breaker_begin() said */
};

/* `random` spreads the backoff (full jitter, at least BREAKER_FIRST_MS / 2). */
void breaker_report(struct breaker *breaker, const struct breaker_report *report, int64_t now_ms,
                    uint64_t random);

/* When to ask again: a time, or INT64_MAX when only a report can change anything. */
int64_t breaker_next(const struct breaker *breaker);

const char *breaker_state_name(enum breaker_state state); /* "closed", "open", "half-open" */
/* "", "gateway-fault", "health", "refusals" */
const char *breaker_why_name(enum breaker_why why);

#endif
