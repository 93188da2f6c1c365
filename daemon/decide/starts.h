/*
 * The events that started journeys, when deciding asks for them. They stand apart from the
 * customer's document: some are at hand, as the journey has just begun or as an earlier try needed
 * them; another is needed, and the decision is then made again with it.
 */
#ifndef NUDGED_DECIDE_STARTS_H
#define NUDGED_DECIDE_STARTS_H

#include <stdbool.h>

#include "customer/customer_starts.h"
#include "decide/deciding.h"

/* The start of that origin as far as a condition of `until` reads it, for a scene: the event, or
 * what was kept of it for that same condition (`kept`, `reads`: of the journey or the message).
 * False: it is needed, or it is lost. */
bool starts_find(struct deciding *d, const char *origin, const struct customer_until *kept,
                 const struct value *reads, const struct cel_program *condition,
                 struct value *start);

/* The event of that origin; NULL: it is needed, or it is lost. */
const struct value *starts_event(struct deciding *d, const char *origin);

/* Whether the decision needs events of the journey, for it to go on: its start, what its last wait
 * met, and what it has collected. */
bool starts_need(struct deciding *d, const struct customer_journey *journey);
/* Whether it needs what the journey has collected. */
bool starts_need_collected(struct deciding *d, const struct customer_journey *journey);

/* Ends a journey whose start is lost: a dead letter. */
void starts_lose(struct deciding *d, uint32_t index);

#endif
