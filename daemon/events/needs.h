/*
 * What a decision must know first: entries of the shop's tables, and events that started journeys.
 * Both are asked for together, and read for a work.
 */
#ifndef NUDGED_EVENTS_NEEDS_H
#define NUDGED_EVENTS_NEEDS_H

#include "base/arena.h"
#include "base/diag.h"
#include "events/work.h"
#include "store/customers.h"
#include "store/tables.h"

/* The work has learnt all; or `fault` says why not. Not called before needs_read() returns. */
typedef void needs_on_read(struct work *work, const struct diag *fault);

struct needs_reader {
    struct tables *tables;
    struct customers *customers;
    struct arena *arena; /* of the round */
    needs_on_read *callback;
};

/* What the work's decision says that it needs: at least one thing. The reader is copied; work and
 * arena must stay until the callback. */
void needs_read(const struct needs_reader *reader, struct work *work);

#endif
