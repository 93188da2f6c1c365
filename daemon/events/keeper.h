/*
 * A thread that looks after what no event waits for: it forces the archive to the disk once a
 * second, drops its old files, and where somebody was erased goes through archive, dead letters and
 * what bounces are told by (events/erasures). It takes no more than half of a core, has a session
 * of its own with Redis while it needs one, and tries again a minute later what failed.
 */
#ifndef NUDGED_EVENTS_KEEPER_H
#define NUDGED_EVENTS_KEEPER_H

#include <stdint.h>

#include "config/config.h"
#include "redis/endpoint.h"

struct archive;
struct keeper;

struct keeper_options {
    const struct config *config; /* with its secret, as it started */
    struct endpoint endpoint;
    struct archive *archive; /* not its own; NULL: none is kept */
};

struct keeper *keeper_new(const struct keeper_options *options);
/* Waits for what is under way. */
void keeper_destroy(struct keeper **keeper);

/* There is Redis now, or somebody was erased: it looks soon. Before the first time it asks Redis
 * nothing. */
void keeper_wake(struct keeper *keeper);

/* How long files of the archive are kept from now on. */
void keeper_set_keep(struct keeper *keeper, int64_t keep_ms);

#endif
