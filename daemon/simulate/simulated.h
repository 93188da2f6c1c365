/* What is to be simulated, and what came of it: of simulate/simulation. */
#ifndef NUDGED_SIMULATE_SIMULATED_H
#define NUDGED_SIMULATE_SIMULATED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/slice.h"
#include "config/generation.h"
#include "simulate/hours.h"
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
    bool strict; /* a line that is no event is the end */
    /* Whatever these are, the result is the same. */
    int threads;    /* 2: two work on it */
    uint32_t parts; /* into how many it is cut, at most; 0: as many as are good; 1: it is not cut */

    /* Prints a message to the line, in any order and in any thread; NULL: nobody asks for them. */
    void (*on_message)(void *context, const struct simulation_message *message, struct buf *line);
    /* What was printed, in the order of time, as all below. */
    void (*on_line)(void *context, struct slice line);
    /* A line that is no event. */
    void (*on_no_event)(void *context, const struct diag *diag);
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
    struct hours hours;
    int64_t busiest_ms; /* when the hour began in which most was sent */
    uint64_t busiest;   /* and how much that was */
};

#endif
