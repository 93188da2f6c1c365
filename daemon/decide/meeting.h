/*
 * Events for which journeys wait: `wait: {for, or}`. Which journeys an event meets is asked before
 * any rule acts on it; they go on when those that it starts have begun.
 */
#ifndef NUDGED_DECIDE_MEETING_H
#define NUDGED_DECIDE_MEETING_H

#include "decide/deciding.h"

/* Finds the journeys that wait for the event (`meets`). By what they carry, whether or not their
 * rule is here. */
void meeting_ask(struct deciding *d);

/* Lets those go on that still run. One that is left to another daemon is due at once there. */
void meeting_go_on(struct deciding *d);

#endif
