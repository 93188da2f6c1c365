/*
 * A message that was a dead letter and stands in the outbox again (store/revival), told by an event
 * `message.requeued`: it is sent anew, so it counts anew under limits and caps, and may be
 * withdrawn like any other. Where something has happened since that forbids it, it is taken back at
 * once.
 */
#ifndef NUDGED_DECIDE_REQUEUED_H
#define NUDGED_DECIDE_REQUEUED_H

#include <stdbool.h>

#include "decide/deciding.h"

/* The event is of another kind, or tells of a message that may be sent: false. True: its person was
 * erased since it was decided, and nothing but its withdrawal is to be kept. */
bool requeued_is_past(struct deciding *d);

/* Counts the message, or takes it back. Of an event of another kind nothing. */
void requeued_learn(struct deciding *d);

#endif
