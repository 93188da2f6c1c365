/* What the admin pages, and the figures, tell of the daemon. */
#ifndef NUDGED_APP_ADMIN_PAGES_VIEW_H
#define NUDGED_APP_ADMIN_PAGES_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/pulse.h"
#include "app/workers.h"
#include "archive/archive.h"
#include "config/generation.h"
#include "delivery/gateways.h"

/* The daemon at this moment. */
struct admin_pages_view {
    const char *state; /* "running" */
    bool working;      /* events are taken, messages sent */
    size_t rules;
    const struct generation *generation; /* in force */
    struct workers_view workers;
    const struct workers *all;
    const struct gateways *gateways;
    const struct pulse *pulse;
    struct archive_lost archive_lost; /* of late */
};

#endif
