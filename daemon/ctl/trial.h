/*
 * One message through one gateway, by hand. Nothing of it is in Redis: no rate, no breaker, no
 * trace, no suppression; no daemon needs to run.
 */
#ifndef NUDGED_CTL_TRIAL_H
#define NUDGED_CTL_TRIAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/value.h"
#include "config/config.h"
#include "send/outcome.h"
#include "send/outgoing.h"

struct trial {
    const struct config_gateway *gateway;
    struct arena *arena;
    bool shows;         /* each line of the conversation goes to standard output */
    struct value *said; /* NULL; or a list to which they are added, as texts: "> EHLO …" */
};

/* Sends it, and blocks until the gateway has answered. */
void trial_send(const struct trial *trial, const struct outgoing *outgoing,
                struct outcome *outcome);

/* What came of it, and the gateway's words: for people; or as members of a JSON object. */
void trial_tell(const struct outcome *outcome);
void trial_put(const struct outcome *outcome, struct arena *arena, struct value row);

#endif
