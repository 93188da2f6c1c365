/* `nudgectl explain --event`: what would be decided if an event came. */
#ifndef NUDGED_CTL_FORECAST_H
#define NUDGED_CTL_FORECAST_H

#include <stdbool.h>

#include "ctl/explain_lines.h"
#include "ctl/shards.h"

struct forecast {
    struct context *context;
    const struct shards *shards;
    const char *customer; /* whom it is about where it does not say so itself; NULL: it does */
    const char *event;    /* a file, or "-" */
    const char *at;       /* RFC 3339; NULL: now */
    const char *rules;    /* another folder of rules; NULL: the configuration's */
    struct explain_filter filter;
    bool json;
};

/* Decides it upon what stands in Redis, with all facts, and prints the trace's lines and each
 * message with its recipient and subject. Nothing is written. The exit status. */
int forecast_event(const struct forecast *forecast);

#endif
