/*
 * The daemon's life as a whole: it waits for the lease, runs, and ends what was begun before it
 * goes. Says so to systemd (serve/notify) and in the log.
 */
#ifndef NUDGED_APP_LIFECYCLE_H
#define NUDGED_APP_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/workers.h"
#include "base/diag.h"
#include "delivery/gateways.h"
#include "host/host.h"

struct lifecycle;
struct log_group;

enum lifecycle_state {
    LIFECYCLE_STARTING, /* waiting for Redis and the lease */
    LIFECYCLE_RUNNING,
    LIFECYCLE_DRAINING, /* nothing new is taken; what was begun goes on */
    LIFECYCLE_CUTTING,  /* the drain's time is over: what was begun was cut, results are settled */
    LIFECYCLE_LEAVING,  /* the lease is given up */
    LIFECYCLE_STOPPED,  /* the loop ends */
};

/* What runs, and is drained. All of it outlives the lifecycle. */
struct lifecycle_options {
    struct event_base *base;
    struct workers *workers;
    struct gateways *gateways;
    struct host *host;           /* NULL: nothing is open to the web */
    struct log_group *log_group; /* told to the end before it stops */
    int64_t drain_ms;            /* how long what was begun may take to end by itself */
};

/* STARTING. */
struct lifecycle *lifecycle_new(const struct lifecycle_options *options);
void lifecycle_destroy(struct lifecycle **lifecycle);

enum lifecycle_state lifecycle_state(const struct lifecycle *lifecycle);
/* "running" */
const char *lifecycle_word(const struct lifecycle *lifecycle);

/* The daemon takes part: STARTING becomes RUNNING. In any other state nothing happens. True where
 * it runs now. */
bool lifecycle_run(struct lifecycle *lifecycle);

/* STARTING and RUNNING become DRAINING; the way to STOPPED goes on by itself, at the latest a
 * few seconds after the drain's time. Further calls do nothing. */
void lifecycle_drain(struct lifecycle *lifecycle);

/* A fault that no waiting mends: it is logged, and the loop ends at once. */
void lifecycle_fail(struct lifecycle *lifecycle, const struct diag *fault, int status);

/* For exit(3): 0, or that of lifecycle_fail. */
int lifecycle_status(const struct lifecycle *lifecycle);

#endif
