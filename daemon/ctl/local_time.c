#include "ctl/local_time.h"

#include <stdio.h>
#include <stdlib.h>

const char *local_time_format(struct zone *zone, int64_t ms, char out[LOCAL_TIME_SIZE])
{
    struct zone_time local;
    zone_local(zone, ms, &local);
    snprintf(out, LOCAL_TIME_SIZE, "%04d-%02d-%02d %02d:%02d:%02d %c%02d:%02d", local.year,
             local.month, local.day, local.hour, local.minute, local.second,
             local.offset < 0 ? '-' : '+', abs(local.offset) / 60, abs(local.offset) % 60);
    return out;
}
