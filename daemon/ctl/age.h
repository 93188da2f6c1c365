/* How long ago, at a glance. */
#ifndef NUDGED_CTL_AGE_H
#define NUDGED_CTL_AGE_H

#include <stdint.h>

enum { AGE_SIZE = 24 };

/* "0s", "59s", "3m", "2h", "5d": rounded down, in one unit. Below 0 it is 0. Returns `out`. */
const char *age_format(int64_t ms, char out[AGE_SIZE]);

#endif
