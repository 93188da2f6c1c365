/*
 * A history of events through the daemon's own decide(), on a clock of its own: what would have
 * been sent, and what not and why.
 *
 * The world that is assumed: nobody is known at the start; every message is taken by its gateway at
 * once; a code is NAME-TEST; policy.brake is not applied.
 */
#ifndef NUDGED_SIMULATE_SIMULATION_H
#define NUDGED_SIMULATE_SIMULATION_H

#include <stdbool.h>

#include "base/diag.h"
#include "simulate/history.h"
#include "simulate/simulated.h"

/* False where the history ends before its time: `diag` has why, unless a line was no event.
 * `simulation` is to be freed either way. */
bool simulation_run(struct simulation *simulation, const struct simulation_options *options,
                    struct history *history, struct diag *diag);
void simulation_free(struct simulation *simulation);

#endif
