/*
 * A batch of events, deadlines or ticks that are decided together: what it has, and how it is
 * filled. Plain data; events/pipeline moves it through its states.
 */
#ifndef NUDGED_EVENTS_BATCH_H
#define NUDGED_EVENTS_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/generation.h"
#include "events/names.h"
#include "events/taken_tick.h"
#include "events/work.h"
#include "events/workspace.h"
#include "redis/backoff.h"
#include "store/intake.h"
#include "store/placement.h"
#include "store/timers.h"
#include "store/turns.h"

struct archive;
struct event;
struct gathering;
struct log_group;
struct pipeline;

enum batch_state {
    BATCH_NONE,    /* nothing is under way */
    BATCH_BARRED,  /* it, or an older one, is to be decided alone: nothing was read yet */
    BATCH_READING, /* its documents */
    BATCH_READ,    /* they are here, but it is not known yet whom an older one concerns */
    BATCH_WORKING, /* its works are decided and committed */
    BATCH_FAILED,  /* Redis failed it: it waits for its next try */
    BATCH_BEHIND,  /* what is left of it waits for the end of an older one */
};

struct batch {
    struct pipeline *pipeline;    /* events/pipeline's */
    const struct batch *siblings; /* all batches of events, INTAKE_AT_ONCE; it may be one */
    struct archive *archive;      /* of events; NULL: none is kept */
    struct log_group *log_group;
    enum batch_state state;
    bool is_known;    /* whom it concerns */
    bool is_alone;    /* no other batch of events is decided beside it */
    uint64_t number;  /* of a batch of events: older ones have less */
    size_t place;     /* likewise: the intake's */
    struct turn turn; /* of one that is not of events, which have the intake's */
    struct generation *generation;
    struct shop_event_form form; /* its */
    struct workspace *space;     /* while something is under way, and of it: */
    struct arena *arena;         /* works and their events, */
    struct arena *round;         /* what is read; forgotten when that is done anew, */
    struct portions *portions;   /* what is decided */
    struct names *names;
    struct work *no_events; /* the work of the entries that are no customer's; NULL: none */
    struct work **works;
    uint32_t work_count, work_capacity;
    size_t entry_count;            /* of events, */
    bool is_full;                  /* … of which more wait */
    struct work **in_round;        /* the works that were not done when it began */
    uint32_t in_round_count, next; /* the next of them is to be decided */
    uint32_t outstanding;          /* … without the last answer */
    struct gathering *gathering;   /* of what is decided; those of events share one */
    bool failed;                   /* Redis failed one of them */
    int64_t now_ms;                /* Redis' TIME, as read with the documents */
    struct event *again;           /* the next round, after Redis failed */
    struct backoff backoff;

    /* Of ticks. */
    void (*on_ticks)(void *context); /* hears of the end; NULL: none are decided */
    void *on_ticks_context;
    struct taken_tick_told told;
};

/* It has nothing yet. The rules and the policy stay the same until it is done: held. */
void batch_begin(struct batch *batch, struct workspace *space, struct generation *generation,
                 const struct placement_home *home);
/* A work of its own, by that key; NULL: of entries that are no customer's. */
struct work *batch_add_work(struct batch *batch, const char *key);
/* The entry becomes part of its customer's work, or of that of entries that are no customer's. */
void batch_add_entry(struct batch *batch, const struct intake_entry *entry);
/* One whose deadline has come. Copied. */
void batch_add_timer(struct batch *due, const struct timers_customer *customer);
/* One whose turn it is at a tick, as it was taken (store/clocks); where its rule or zone are not
 * here any more it is left to another daemon. Copied. */
void batch_add_tick(struct batch *ticks, const char *text);
/* It is done: all of it is given back. */
void batch_forget(struct batch *batch, struct workspaces *workspaces);

#endif
