/* The answers of POST /v1/events, which docs/intake.md has and openapi.yaml describes. */
#ifndef NUDGED_WEB_EVENTS_ANSWER_H
#define NUDGED_WEB_EVENTS_ANSWER_H

#include <stddef.h>

#include "web/ask.h"
#include "web/posted_events.h"
#include "web/web_answer.h"

/* What became of each item: `verdicts` in the order of those that are good, NULL where none is. Its
 * status is that of the worst: one that may be tried again before one that may not.
 *
 *   202  all are in Redis
 *   400  some are wrong; 403  some may not be pushed, and none is wrong. The others are in Redis
 *   422  the Idempotency-Key was another request's: nothing was taken
 *   503  Redis or the daemon is away */
struct web_answer *events_answer(struct arena *arena, const struct posted_events *posted,
                                 const struct ask_verdict *verdicts, size_t count);

/* 401 and 403 say how one logs in (RFC 9110, section 11.6.1). */
void events_answer_challenge(struct web_answer *answer);

#endif
