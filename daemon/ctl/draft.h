/*
 * A message as a rule would send it, made without a daemon by the same code: for preview,
 * and for what `check` looks at.
 */
#ifndef NUDGED_CTL_DRAFT_H
#define NUDGED_CTL_DRAFT_H

#include <stdbool.h>

#include "base/arena.h"
#include "config/config.h"
#include "ctl/scene.h"
#include "delivery/prepare.h"
#include "rules/ruleset.h"

struct draft {
    const struct rule *rule;
    const struct rule_step *step; /* the first of the rule that sends the template */
    struct policy policy;
    struct compose_settings compose;
    const struct config_gateway *gateway; /* the first of the step's channel */
    struct value message; /* the map of compose/compose.h, as the store would have it */
};

/* The first step of the rule that sends the template, or NULL. */
const struct rule_step *draft_step(const struct rule *rule, const char *template);

/* The event of events.yaml that has this type, as JSON in the arena; false where it has none. Of
 * `clock`, a tick for the customer of its first sample. For a step of the draft behind a
 * wait that goes on at an event, with what the samples of such events have beside. */
bool draft_sample(const struct draft *draft, const struct ruleset *rules, const char *type,
                  struct arena *arena, struct input *event);

/* Makes the message of draft->rule and draft->step at the event of the scene. Where the
 * secret of the installation cannot be read, another one names and signs it. A customer
 * without an address gets one. */
bool draft_make(struct draft *draft, struct config *config, const struct scene *scene,
                struct diag *diag);

/* In the language that is asked for, whatever the customer's. */
void draft_set_locale(struct draft *draft, struct arena *arena, const char *locale);

#endif
