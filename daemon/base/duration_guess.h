/* What people write for a length of time that duration_parse refuses. */
#ifndef NUDGED_BASE_DURATION_GUESS_H
#define NUDGED_BASE_DURATION_GUESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/duration.h"

/* As it must be written: "3 days" is "3d", "week" and "weekly" are "1w", "an hour and 30 min" is
 * "1h30m", "PT1H30M" (ISO 8601) and "01:30:00" likewise; a month has 30 days, a year 365. False,
 * and an empty `out`, where nothing is to be guessed. */
bool duration_guess(const char *text, size_t length, char out[DURATION_TEXT_SIZE]);

#endif
