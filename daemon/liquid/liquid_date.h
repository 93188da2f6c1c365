/*
 * Instants as the date filter reads and writes them.
 */
#ifndef NUDGED_LIQUID_LIQUID_DATE_H
#define NUDGED_LIQUID_LIQUID_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/value.h"
#include "base/zone.h"

struct liquid_date {
    struct zone_time local; /* with its offset; its millisecond is not used */
    int64_t seconds;        /* since 1970 */
    int nanosecond;
    const char *zone; /* its name for %Z: "UTC", "EEST"; "" of a fixed offset */
};

/* What a value stands for: an integer or digits are seconds since 1970, "now" and
 * "today" are `now_ms`, other text is read by liquid_date_text. `zone` is where a text
 * without an offset is at home (IANA; NULL: UTC). False for what is no date. */
bool liquid_date_read(const struct value *value, int64_t now_ms, const char *zone,
                      struct liquid_date *date);

#endif
