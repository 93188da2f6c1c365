/*
 * Between intake and pipeline: a batch's entries are read into events, and those that nothing reads
 * leave it here. Such an event is of a type that neither a rule nor a field asks for, and tells of
 * its customer no more than an id, or what was said last: all that deciding would change is that it
 * was seen, and when that was said. It is archived and counted, and acknowledged with all others of
 * its kind in one call (store/unread), which leaves those of which more may come. What belongs to
 * another shard leaves it too: it is put aside (store/aside), and moved there (events/mover).
 *
 * Batches go through it one after the other, as a person's events are to be looked at in their
 * order; so what may be passed over is asked when nothing that came before is being decided.
 */
#ifndef NUDGED_EVENTS_READING_H
#define NUDGED_EVENTS_READING_H

#include "archive/archive.h"
#include "config/generation.h"
#include "events/mover.h"
#include "events/pipeline.h"
#include "store/shard.h"

struct reading;

struct reading_options {
    struct shard *shard;
    struct archive *archive;           /* NULL: none */
    struct pipeline *pipeline;         /* takes what is to be decided */
    struct workspaces *workspaces;     /* not its own */
    int64_t customer_keep_ms;          /* of `customer.keep` */
    const struct placement *placement; /* what is of another shard than `place` is put aside … */
    size_t place;
    struct mover *mover;                             /* … for this; NULL: there is one shard */
    struct generation *(*generation)(void *context); /* in force now; not held */
    void *context;
};

struct reading *reading_new(const struct reading_options *options);
void reading_destroy(struct reading **reading);

/* As of intake_on_batch. */
void reading_take(struct reading *reading, const struct intake_batch *batch);
/* The pipeline has no events any more. */
void reading_look(struct reading *reading);

/* A batch is on its way to the pipeline, and does not wait for that. */
bool reading_busy(const struct reading *reading);

#endif
