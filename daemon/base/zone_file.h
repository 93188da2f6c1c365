/*
 * A time zone as the system keeps it: a TZif file (RFC 9636) below $TZDIR or
 * /usr/share/zoneinfo. Used by base/zone alone.
 */
#ifndef NUDGED_BASE_ZONE_FILE_H
#define NUDGED_BASE_ZONE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/zone_rule.h"

enum { ZONE_FILE_TYPES = 256 };

struct zone_file {
    size_t count;                     /* of changes */
    int64_t *times;                   /* owned; seconds since 1970, rising */
    uint8_t *kinds;                   /* owned; what holds from then on: an index into `offsets` */
    int32_t offsets[ZONE_FILE_TYPES]; /* seconds east of UTC; the first holds before all */
    uint8_t names[ZONE_FILE_TYPES];   /* what it is called then: a place in `texts` */
    char *texts;                      /* owned, or NULL; each ended by NUL */
    bool has_rule;                    /* for what is after the last change */
    struct zone_rule rule;
};

/* False where there is no such zone, or its file is broken. Free with zone_file_free. */
bool zone_file_read(const char *name, struct zone_file *file);
void zone_file_free(struct zone_file *file);

/* Seconds east of UTC at that second since 1970. */
int32_t zone_file_offset(const struct zone_file *file, int64_t second);
/* What local time is called at that second: "EEST", "+03"; "" where the file does not say. */
const char *zone_file_name(const struct zone_file *file, int64_t second);

#endif
