/*
 * A decision is put together: what decide/decide has decided is added to its
 * lists, and may be taken back as long as nobody has seen it.
 */
#ifndef NUDGED_DECIDE_DECISION_H
#define NUDGED_DECIDE_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "decide/decide.h"

void decision_add_message(struct decision *decision, struct arena *arena,
                          const struct decide_message *message);
/* Takes a message of this very decision back; false where it is not among them. */
bool decision_take_back(struct decision *decision, const char *mid);
/* A message of an earlier decision must not be sent; `mid` is not copied. */
void decision_withdraw(struct decision *decision, struct arena *arena, const char *mid);

/* A dead letter about a journey of the customer, at a step. No text is copied. */
void decision_add_dead(struct decision *decision, struct arena *arena,
                       const struct customer *customer, const struct customer_journey *journey,
                       const char *step, const char *reason, const char *detail);

/* When the customer's journeys go on. One that newer rules than those of `since_ms` have
 * touched is left to a daemon with these: it is looked at again a little later. */
void decision_set_deadlines(struct decision *decision, const struct customer *customer,
                            int64_t since_ms, int64_t now_ms);

#endif
