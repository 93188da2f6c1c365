#include "ctl/age.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

const char *age_format(int64_t ms, char out[AGE_SIZE])
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{24 * 60 * 60, 'd'}, {60 * 60, 'h'}, {60, 'm'}, {1, 's'}};
    int64_t seconds = ms > 0 ? ms / 1000 : 0;
    size_t i = 0;
    while (units[i].seconds > 1 && seconds < units[i].seconds)
        i++;
    snprintf(out, AGE_SIZE, "%" PRId64 "%c", seconds / units[i].seconds, units[i].unit);
    return out;
}
