/*
 * What is to be told of a simulation in parts: noted circle by circle, told in the order in which
 * it would have come up without parts. It lies in a file without a name, so that it takes no
 * memory.
 */
#ifndef NUDGED_SIMULATE_SHEET_H
#define NUDGED_SIMULATE_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "decide/replay_order.h"

struct sheet;

struct sheet_item {
    struct replay_order order;
    uint32_t kind; /* the caller's */
    struct slice text;
};

/* NULL where there can be no such file: errno says why. */
struct sheet *sheet_new(void);
void sheet_destroy(struct sheet **sheet);

/* Of what has the same place in the order, that comes first which is added first. */
void sheet_add(struct sheet *sheet, const struct sheet_item *item);

/* All that several sheets have, in order. False from `see` ends it. False: a file cannot be written
 * or read, and errno says why. */
bool sheet_read(struct sheet *const *sheets, size_t count,
                bool (*see)(void *context, const struct sheet_item *item), void *context);

#endif
