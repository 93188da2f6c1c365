/*
 * The way back from the outbox: a message of this very decision is taken out of it, one of an
 * earlier decision is to be deleted from the outbox, and one that a sender has already gets a
 * mark, by which it ends when it comes back undelivered.
 */
#ifndef NUDGED_DECIDE_WITHDRAW_H
#define NUDGED_DECIDE_WITHDRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/deciding.h"

/* An open message of the document. The item of the trace that says so. */
struct value withdraw_message(struct deciding *d, uint32_t index, enum trace_why why);

/* Whether the message was decided at the instant of the customer's turn that is decided now, or
 * behind it: it was due by then, so it goes, whatever the turn ends or begins anew. */
bool withdraw_is_too_late(const struct deciding *d, const struct customer_open *open);

/* All that the rule's journey of that origin has open. */
void withdraw_run(struct deciding *d, const char *rule, const char *origin, enum trace_why why);

/* Marketing of topics that the customer declines by now. */
void withdraw_declined(struct deciding *d);

/* Forgets open messages that are gone, where their time is over or there are many. */
void withdraw_let_go(struct deciding *d);

#endif
