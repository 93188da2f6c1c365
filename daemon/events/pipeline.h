/*
 * An event's life: read from its stream, decided, committed. And a timer's: taken, decided,
 * committed; and a tick's likewise. One batch of each at a time, of events INTAKE_AT_ONCE: then
 * what concerns one person is decided in the order of its entries all the same.
 */
#ifndef NUDGED_EVENTS_PIPELINE_H
#define NUDGED_EVENTS_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/generation.h"
#include "decide/room.h"
#include "events/gathering.h"
#include "events/workspace.h"
#include "store/shard.h"

struct archive;
struct event_base;
struct log_group;
struct pipeline;

struct pipeline_options {
    struct event_base *base;
    struct shard *shard;
    int64_t customer_keep_ms;
    struct log_group *log_group;   /* not its own */
    struct archive *archive;       /* likewise; NULL: none is kept */
    struct workspaces *workspaces; /* likewise */
    /* The generation in force: asked for at each batch, which holds it. */
    struct generation *(*generation)(void *context);
    /* The room in the outbox, by enum rule_class; asked for at each decision. */
    const struct room *(*rooms)(void *context);
    /* So many messages were decided, and are about to be put there. */
    void (*on_decided)(void *context, uint32_t messages);
    /* So many of these are on their way to Redis. */
    void (*on_sent)(void *context, uint32_t messages);
    struct placement_home home; /* of the shard's documents */
    /* Something was put aside for other shards: after each commit that did. */
    void (*on_strays)(void *context);
    /* There are no events any more. */
    void (*on_events_done)(void *context);
    /* Messages were put into the outbox: after each commit that had some. */
    void (*on_messages)(void *context);
    /* Somebody was erased: after the commit. */
    void (*on_erased)(void *context);
    /* `policy.brake` has paused a rule: likewise. */
    void (*on_braked)(void *context, const char *rule, int64_t now_ms);
    void *context;
};

struct pipeline *pipeline_new(const struct pipeline_options *options);
void pipeline_destroy(struct pipeline **pipeline);

/* Who begins messages as soon as they are decided: before anything is. */
void pipeline_begin_by(struct pipeline *pipeline, const struct outbox_at_once *at_once);

/* A batch at its place, as the intake's on_batch has it: intake_done() tells that all of it is
 * committed. Its entries are referred to until then. What was read of them lies in the workspace,
 * which is the batch's from now on. */
void pipeline_take(struct pipeline *pipeline, const struct intake_batch *taken,
                   struct workspace *space);

/* Timers are looked for between start and stop; what is under way goes on. */
void pipeline_start_timers(struct pipeline *pipeline);
void pipeline_stop_timers(struct pipeline *pipeline);

/* Customers whose turn it is at a tick of a clock (store/clocks), as they were taken: never a
 * second time before `done`, which tells that all of them are decided. Copied. */
typedef void pipeline_on_ticks(void *context);
void pipeline_take_ticks(struct pipeline *pipeline, const char *const *taken, size_t count,
                         pipeline_on_ticks *done, void *context);

/* A connection may be free for a message that waits for one. */
void pipeline_look(struct pipeline *pipeline);

/* True while events are being decided. */
bool pipeline_has_events(const struct pipeline *pipeline);

/* True while a batch of events, timers or ticks is under way, or asked for. One that Redis has
 * failed is not, until its next try. */
bool pipeline_busy(const struct pipeline *pipeline);

#endif
