/* What the admin pages, and the figures, tell of the daemon. */
#ifndef NUDGED_APP_ADMIN_PAGES_VIEW_H
#define NUDGED_APP_ADMIN_PAGES_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/pulse.h"
#include "archive/archive.h"
#include "config/generation.h"
#include "delivery/delivery.h"
#include "events/sweeper.h"
#include "store/halted.h"
#include "store/wrong_keys.h"

/* The daemon at this moment. */
struct admin_pages_view {
    const char *state;    /* "running" */
    const char *instance; /* "name:epoch"; "" before it has entered */
    bool working;         /* events are taken, messages sent */
    bool redis;           /* there is a connection */
    const char *denied;   /* what Redis denies this daemon's user; NULL: nothing */
    size_t rules;
    int64_t rules_number;                /* that Redis gave them */
    const struct generation *generation; /* in force */
    /* Messages: in the outbox, waiting for a retry, for an operator's word. */
    int64_t outbox, later, uncertain;
    int64_t paused; /* gateways */
    int64_t full;   /* customers whose sends wait for room in the outbox */
    const struct delivery *delivery;
    const struct wrong_keys *wrong_keys;
    const struct halted *halted; /* rules that are paused */
    struct sweeper_view clocks;
    const struct pulse *pulse;
    struct archive_lost archive_lost; /* of late */
};

#endif
