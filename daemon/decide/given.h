/*
 * Codes that sends take from lists in Redis. Which one it is only the commit knows: it is assumed
 * that there is one. All sends of a run share theirs, and so the journey remembers for each list
 * under which mid it was given one.
 */
#ifndef NUDGED_DECIDE_GIVEN_H
#define NUDGED_DECIDE_GIVEN_H

#include <stdbool.h>

#include "decide/deciding.h"

/* Under which the run of the journey has, or is given, its code of the list: a message of it that
 * is to be `mid`. */
const char *given_run(const struct customer_journey *journey, const char *list, const char *mid,
                      struct arena *arena);

/* The journey remembers it. */
void given_remember(struct deciding *d, struct customer_journey *journey, const char *list,
                    const char *run);

/* Whether no code was left for the message. */
bool given_lacks(const struct deciding *d, const char *mid);

#endif
