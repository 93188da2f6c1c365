/*
 * What nudgectl and monitoring ask the daemon over its admin socket:
 *
 *   GET /health    200 while events are taken and messages sent, else 503; `degraded` with the keys
 *                  of Redis that were found wrong within the last hour, and the events of it
 *                  that are not in the archive
 *   GET /status    the figures of `nudgectl status`, as JSON
 *   GET /metrics   all figures, in the Prometheus text format
 *   GET /ready     200 while events are taken and messages sent, else 503 with the reason
 *   GET /live      200: the event loop answers
 *   POST /reload   reads rules and templates again; 409 with all faults
 *   POST /stop     as SIGTERM
 */
#ifndef NUDGED_APP_ADMIN_PAGES_H
#define NUDGED_APP_ADMIN_PAGES_H

#include <stdbool.h>

#include "app/admin_pages_view.h"
#include "app/reloading.h"
#include "base/buf.h"
#include "base/diag.h"

struct admin_pages;

struct admin_pages_options {
    struct event_base *base;
    const char *socket; /* path */
    const char *listen; /* "127.0.0.1:9464", for who asks over TCP; NULL: nowhere */
    struct admin_pages_view (*look)(const void *context);
    void (*reload)(void *context, reloading_on_done *done, void *asker);
    void (*stop)(void *context);
    void *context;
};

/* NULL with `diag` where the socket cannot be had. */
struct admin_pages *admin_pages_open(const struct admin_pages_options *options, struct diag *diag);
void admin_pages_close(struct admin_pages **pages);

#endif
