/* What an attempt adds to the figures (base/metrics). On the loop. */
#ifndef NUDGED_DELIVERY_ATTEMPT_FIGURES_H
#define NUDGED_DELIVERY_ATTEMPT_FIGURES_H

#include <stdint.h>

#include "delivery/attempt.h"

/* It came back from its gateway; its outcome stands. */
void attempt_figures_count(const struct attempt *attempt);

/* What becomes of it stands; its generation is still held. `now_ms` by Redis' clock. */
void attempt_figures_finish(const struct attempt *attempt, int64_t now_ms);

/* It was not begun, and is settled. */
void attempt_figures_unbegun(const struct attempt *attempt);

#endif
