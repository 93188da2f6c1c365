/* Times as people of the shop read them: "2026-11-29 12:00:01 +02:00". */
#ifndef NUDGED_CTL_LOCAL_TIME_H
#define NUDGED_CTL_LOCAL_TIME_H

#include <stdint.h>

#include "base/zone.h"

enum { LOCAL_TIME_SIZE = 48 };

/* In the zone; what is less than a second is left out. Returns `out`. */
const char *local_time_format(struct zone *zone, int64_t ms, char out[LOCAL_TIME_SIZE]);

#endif
