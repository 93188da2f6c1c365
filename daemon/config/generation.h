/*
 * One generation: the rules, the templates and the policy of one load. A reload builds the next
 * beside it; what began with one goes on with it, and the last to let go frees it.
 */
#ifndef NUDGED_CONFIG_GENERATION_H
#define NUDGED_CONFIG_GENERATION_H

#include "base/diag.h"
#include "base/slice.h"
#include "config/config.h"
#include "config/set_digest.h"
#include "rules/ruleset.h"
#include "templates/templates.h"

struct generation {
    const struct config *config; /* by which it was loaded */
    struct config *reloaded;     /* the same, where it is its own */
    struct ruleset *rules;
    struct templates *templates;
    struct policy policy;
    char digest[SET_DIGEST_SIZE]; /* of what decides: two generations with the same are the same set
                                   */
    struct slice entries;         /* what others may leave to it (rules/other_sets) */
    struct arena *arena;          /* of the entries */
    struct compose_settings compose; /* but for its time, which is each message's */
    int references;                  /* changed by generation_hold and generation_release alone */
};

/* Held once, for the caller. NULL where a file is broken: all faults are in `diags`. The
 * configuration must outlive it; it has its secret where something is to be decided or sent. */
struct generation *generation_load(const struct config *config, struct diags *diags);

/* The next one, by the configuration's file as it is now, as far as a reload may change it; what
 * has changed beyond that goes on as it `started`, and the names of the keys are appended. */
struct generation *generation_reload(const struct config *started, struct buf *changed,
                                     struct diags *diags);

/* From any thread. */
struct generation *generation_hold(struct generation *generation);
void generation_release(struct generation **generation);

#endif
