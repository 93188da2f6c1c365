/*
 * What becomes of a message after an attempt: the outcome of the gateway, turned into
 * what the store writes.
 */
#ifndef NUDGED_DELIVERY_SETTLEMENT_H
#define NUDGED_DELIVERY_SETTLEMENT_H

#include <stdbool.h>

#include "decide/trace_words.h"
#include "delivery/attempt.h"
#include "delivery/settlement_scene.h"

/* The trace's word for an outcome. */
enum trace_what settlement_what(enum outcome_kind kind);

/* From what came of it. Each of these fills attempt->result. */
void settlement_make(struct attempt *attempt, const struct settlement_scene *scene);

/* It was not begun, as it went before, through `gateway`, and Redis has lost that: it is settled as
 * sent. The name outlives the attempt. */
void settlement_sent_before(struct attempt *attempt, const char *gateway,
                            const struct settlement_scene *scene);

/* It goes to another gateway at once, as it could not use this one: the log is told, and the trace
 * that its result will bring. */
void settlement_pass(struct attempt *attempt, const struct settlement_scene *scene);

/* It must not be sent any more, which ends it when it is given back. */
void settlement_release(struct attempt *attempt);

/* Its result stands and is not written yet, and the gateway is to blame for it: it waits instead.
 * Of the scene only the times are looked at. */
void settlement_forgive(struct attempt *attempt, const struct settlement_scene *scene);

/* It was not begun: the one gateway that may send it, `gateway`, is not to be had now, or is not
 * `configured` at all. In a while again; from its give_up on a dead letter. */
void settlement_defer(struct attempt *attempt, const char *gateway, bool configured,
                      const struct settlement_scene *scene);

/* It was not begun, as nobody could say whether it may be. In a while again, uncharged; from its
 * give_up on a dead letter. */
void settlement_put_off(struct attempt *attempt, const struct settlement_scene *scene);

/* It was not begun, as what Redis has of it lacks fields: a dead letter. */
void settlement_give_up(struct attempt *attempt, const struct settlement_scene *scene);

#endif
