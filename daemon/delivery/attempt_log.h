/*
 * What the log tells of a message's life: its failures, the first of each kind and then how many
 * there were; with `log.messages` what was sent; at `debug` each step of each. All lines bear the
 * id of the event that it came of.
 */
#ifndef NUDGED_DELIVERY_ATTEMPT_LOG_H
#define NUDGED_DELIVERY_ATTEMPT_LOG_H

#include "delivery/attempt.h"
#include "delivery/settlement_scene.h"

/* It is about to be given to a gateway. */
void attempt_log_given(struct attempt *attempt, const char *gateway);

/* What its gateway answered, and what became of it; it was read. `what`: the trace's word. */
void attempt_log_result(const struct attempt *attempt, const struct settlement_scene *scene,
                        const char *what);

/* It waits for a daemon that has its template. */
void attempt_log_waits(const struct attempt *attempt, const struct settlement_scene *scene,
                       const char *missing);

#endif
