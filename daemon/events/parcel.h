/* All that there is of a person who came from another shard (commit.lua, `leave`). */
#ifndef NUDGED_EVENTS_PARCEL_H
#define NUDGED_EVENTS_PARCEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/slice.h"
#include "customer/customer.h"
#include "customer/said.h"

/* Messages, trace and the like go to the commit as they are; this is what is decided by. */
struct parcel {
    const struct customer *brought;  /* with the events that its journeys began with; NULL: nothing
                                        was known of them */
    const struct said_text *records; /* of P:said, under their keys */
    size_t record_count;
};

/* In the arena, as long as the text. False with `diag`: it cannot be read. */
bool parcel_open(struct arena *arena, struct slice text, struct parcel *parcel, struct diag *diag);

#endif
