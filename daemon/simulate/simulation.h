/*
 * A history of events through the daemon's own decide(), on a clock of its own: what would have
 * been sent, and what not and why.
 *
 * The world that is assumed: nobody is known at the start; every message is taken by its gateway at
 * once; a code is NAME-TEST; policy.brake is not applied.
 */
#ifndef NUDGED_SIMULATE_SIMULATION_H
#define NUDGED_SIMULATE_SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "config/generation.h"
#include "simulate/history.h"
#include "simulate/people.h"
#include "simulate/tally.h"

#define SIMULATION_BEGINNING INT64_MIN
#define SIMULATION_END       INT64_MAX

struct simulation_message {
    int64_t at_ms;
    const char *customer; /* the key under which they are known by then */
    const struct decision_message *sent;
};

struct simulation_options {
    const struct generation *generation;
    const struct value *tables;    /* what lookup() reads: a map of maps; NULL: none */
    const char *const *suppressed; /* addresses, NULL-terminated; NULL: none */
    /* What is told: from here on, to before there. What was earlier is decided all the same; of
     * what is later nothing. Without an end it is over with the last event. */
    int64_t from_ms, to_ms;
    struct people_options people;
    bool bodies; /* messages have theirs */
    int threads; /* 2: another one reads ahead. The result is the same */

    /* In the order of time. */
    void (*on_message)(void *context, const struct simulation_message *message);
    /* A line that is no event. False: that is the end. */
    bool (*on_no_event)(void *context, const struct diag *diag);
    /* What nudged would have made a dead letter of, besides what counts as `ended`. */
    void (*on_dead)(void *context, int64_t at_ms, const struct diag *diag);
    /* So many bytes were read by now. */
    void (*on_progress)(void *context, uint64_t bytes);
    void *context;
};

struct simulation {
    struct tally tally;
    struct people people;
    int64_t first_ms, last_ms; /* of what is told; 0: there was no event */
    uint64_t no_events;        /* lines */
    uint64_t known;            /* people, at the end */
    int64_t busiest_ms;        /* when the hour began in which most was sent */
    uint64_t busiest;          /* and how much that was */
};

/* False where the history ends before its time: `diag` has why, or on_no_event wanted it.
 * `simulation` is to be freed either way. */
bool simulation_run(struct simulation *simulation, const struct simulation_options *options,
                    struct history *history, struct diag *diag);
void simulation_free(struct simulation *simulation);

#endif
