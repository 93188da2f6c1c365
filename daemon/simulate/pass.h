/*
 * One replay of events of a simulation: of all, or of a part of them. It adds to the figures, and
 * gives away what is to be told.
 */
#ifndef NUDGED_SIMULATE_PASS_H
#define NUDGED_SIMULATE_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "decide/policy.h"
#include "decide/replay.h"
#include "simulate/feed.h"
#include "simulate/simulated.h"

/* What is to be told: a message's text, as on_message printed it; or a `struct diag` of a line that
 * is no event, or of a dead letter. */
enum pass_told { PASS_MESSAGE, PASS_NO_EVENT, PASS_DEAD };

struct pass {
    const struct simulation_options *options;
    struct simulation *simulation; /* whose figures are added to */
    struct policy policy;
    struct shop_event_form form;
    /* False: that is the end. */
    bool (*tell)(void *context, enum pass_told what, const struct replay_order *order,
                 struct slice text);
    /* Of a circle: as of struct replay_options. NULL: nobody asks. */
    void (*on_other)(void *context, const char *key);
    void (*on_asked)(void *context, const char *name);
    /* The event has other names than its line was dealt out by. */
    void (*on_strange)(void *context);
    void *context;
    struct replay *replay; /* while it runs */
    struct buf line;
    struct arena *arena; /* of what is looked at in the end */
    uint64_t last;       /* the number of the last line that is to be read */
    int64_t last_ms;     /* when the last event of the whole history came; 0: this is all of it */
    bool ahead;          /* all of it comes at once: memory is fetched for what comes soon */
};

void pass_open(struct pass *pass, const struct simulation_options *options,
               struct simulation *simulation);
void pass_close(struct pass *pass);

/* A new replay; it, as it was at first; and its end. */
void pass_begin(struct pass *pass);
void pass_renew(struct pass *pass);
void pass_end(struct pass *pass);

/* Takes all that the feed has. False: it ended before its time, and `diag` has why if that is not
 * what `tell` wanted. */
bool pass_take(struct pass *pass, struct feed *feed, struct diag *diag);
/* Lets the clock run to the end, and counts who is there. `last_ms`: of the last event. */
void pass_finish(struct pass *pass, int64_t last_ms);

/* Tells the caller of the simulation; false: that shall be the end. */
bool pass_tell_caller(const struct simulation_options *options, enum pass_told what,
                      const struct replay_order *order, struct slice text);

#endif
