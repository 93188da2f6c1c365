/* Times of day as people write them in rules and settings: "09:00", "9:00", up to "23:59". */
#ifndef NUDGED_BASE_TIME_OF_DAY_H
#define NUDGED_BASE_TIME_OF_DAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/value.h"

enum { TIME_OF_DAY_TEXT_SIZE = 6 };

/* Minutes since midnight; -1 for anything else. */
int time_of_day_parse(const char *text, size_t length);

/* What was probably meant by a value that is none, as it must be written: 9, "9am", "9:30 PM",
 * "9h30", 9.30, "09:00:00", "noon". False where nothing is to be guessed. */
bool time_of_day_guess(const struct value *value, char out[TIME_OF_DAY_TEXT_SIZE]);

#endif
