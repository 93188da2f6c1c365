/* How many messages there were in each hour. */
#ifndef NUDGED_SIMULATE_HOURS_H
#define NUDGED_SIMULATE_HOURS_H

#include <stdint.h>

/* All zero at first. */
struct hours {
    uint64_t *counts; /* of `count` hours; owned */
    int64_t first;    /* the number of the first one since 1970 */
    uint32_t count;
};

void hours_free(struct hours *hours);
void hours_add(struct hours *hours, int64_t at_ms, uint64_t messages);
void hours_join(struct hours *hours, const struct hours *other);
/* When the hour began that has most, the first of those; and how many. 0: there was none. */
uint64_t hours_busiest(const struct hours *hours, int64_t *from_ms);

#endif
