/*
 * What nudgectl and monitoring ask the daemon over its admin socket:
 *
 *   GET /health    200 while events are taken and messages sent, else 503; `degraded` with the keys
 *                  of Redis that were found wrong within the last hour
 *   GET /status    the figures of `nudgectl status`, as JSON
 *   GET /metrics   all figures, in the Prometheus text format
 *   POST /reload   reads rules and templates again; 409 with all faults
 *   POST /stop     as SIGTERM
 */
#ifndef NUDGED_APP_ADMIN_PAGES_H
#define NUDGED_APP_ADMIN_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "delivery/delivery.h"
#include "events/sweeper.h"
#include "store/wrong_keys.h"

struct admin_pages;

/* The daemon at this moment. */
struct admin_pages_view {
    const char *state;    /* "running" */
    const char *instance; /* "name:epoch"; "" before it has entered */
    bool working;         /* events are taken, messages sent */
    bool redis;           /* there is a connection */
    size_t rules;
    /* Messages: in the outbox, waiting for a retry, for an operator's word. */
    int64_t outbox, later, uncertain;
    int64_t paused; /* gateways */
    int64_t full;   /* customers whose sends wait for room in the outbox */
    const struct delivery *delivery;
    const struct wrong_keys *wrong_keys;
    const struct halted *halted; /* rules that are paused */
    struct sweeper_view clocks;
    const char *archive_fault; /* why the last events are not in the archive; NULL: they are */
};

struct admin_pages_options {
    struct event_base *base;
    const char *socket; /* path */
    struct admin_pages_view (*look)(const void *context);
    /* Adds the faults to `out` where it is refused. */
    bool (*reload)(void *context, struct buf *out);
    void (*stop)(void *context);
    void *context;
};

/* NULL with `diag` where the socket cannot be had. */
struct admin_pages *admin_pages_open(const struct admin_pages_options *options, struct diag *diag);
void admin_pages_close(struct admin_pages **pages);

#endif
