/* The subject of a message of a simulation, as it would have left. */
#ifndef NUDGED_CTL_SIMULATE_SUBJECT_H
#define NUDGED_CTL_SIMULATE_SUBJECT_H

#include "config/generation.h"
#include "simulate/simulation.h"

/* In the arena; "" for a text without one. NULL where it cannot be made: `diag` has why. */
const char *simulate_subject(const struct generation *generation,
                             const struct simulation_message *message, struct arena *arena,
                             struct diag *diag);

#endif
