/*
 * Memory of what is decided in a round of a batch, in portions: each is given back as soon as all
 * works in it are done, so that a batch of many customers takes the memory of a few of them, which
 * stays in the processor's cache. Of a work that waits for the next round it is kept until this one
 * is over.
 */
#ifndef NUDGED_EVENTS_PORTIONS_H
#define NUDGED_EVENTS_PORTIONS_H

#include "base/arena.h"
#include "events/work.h"

struct portions;

struct portions *portions_new(void);
void portions_destroy(struct portions **portions);

/* Where the work is decided: the same until it leaves. */
struct arena *portions_arena(struct portions *portions, struct work *work);
/* The work had its last answer in this round. What lies in its portion may be gone now, where the
 * work is done. */
void portions_leave(struct portions *portions, struct work *work);
/* The round is over: all is given back. */
void portions_reset(struct portions *portions);

#endif
