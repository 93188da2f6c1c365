/*
 * One generation: the rules and templates of one load. A reload builds the next
 * beside it; what began with one goes on with it, and the last to let go frees it.
 */
#ifndef NUDGED_CONFIG_GENERATION_H
#define NUDGED_CONFIG_GENERATION_H

#include "base/diag.h"
#include "config/config.h"
#include "rules/ruleset.h"
#include "templates/templates.h"

struct generation {
    struct ruleset *rules;
    struct templates *templates;
    int references; /* changed by generation_hold and generation_release alone */
};

/* Held once, for the caller. NULL where a file is broken: all faults are in `diags`. */
struct generation *generation_load(const struct config *config, struct diags *diags);

/* From any thread. */
struct generation *generation_hold(struct generation *generation);
void generation_release(struct generation **generation);

#endif
