#include "simulate/hours.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { HOUR_MS = 3600 * 1000, DAY = 24 };

void hours_free(struct hours *hours)
{
    free(hours->counts);
    *hours = (struct hours){0};
}

/* Makes the hour be among them. */
static void reach(struct hours *hours, int64_t hour)
{
    if (!hours->count)
        hours->first = hour;
    int64_t first = hour < hours->first ? hour : hours->first;
    int64_t end = hours->first + hours->count;
    if (hour >= end)
        end = hour + DAY;
    if (first == hours->first && end == first + hours->count)
        return;
    uint64_t *counts = mem_zero((size_t)(end - first), sizeof *counts);
    if (hours->count)
        memcpy(counts + (hours->first - first), hours->counts, sizeof *counts * hours->count);
    free(hours->counts);
    *hours = (struct hours){counts, first, (uint32_t)(end - first)};
}

void hours_add(struct hours *hours, int64_t at_ms, uint64_t messages)
{
    int64_t hour = (at_ms - at_ms % HOUR_MS) / HOUR_MS;
    if (!messages)
        return;
    reach(hours, hour);
    hours->counts[hour - hours->first] += messages;
}

void hours_join(struct hours *hours, const struct hours *other)
{
    for (uint32_t i = 0; i < other->count; i++)
        hours_add(hours, (other->first + i) * HOUR_MS, other->counts[i]);
}

uint64_t hours_busiest(const struct hours *hours, int64_t *from_ms)
{
    uint64_t most = 0;
    *from_ms = 0;
    for (uint32_t i = 0; i < hours->count; i++) {
        if (hours->counts[i] <= most)
            continue;
        most = hours->counts[i];
        *from_ms = (hours->first + i) * HOUR_MS;
    }
    return most;
}
