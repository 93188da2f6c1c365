/*
 * What the daemon has before it when it decides about an event: the event, what is known of
 * the customer, the shop, the time. Made from files, without Redis.
 */
#ifndef NUDGED_CTL_SCENE_H
#define NUDGED_CTL_SCENE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "config/config.h"
#include "ctl/input.h"
#include "customer/shop_event.h"
#include "rules/condition.h"

struct scene {
    struct arena *arena; /* all of it lies there, or in the configuration */
    const struct config *config;
    struct shop_event event; /* `type` NULL: none yet */
    struct customer *customer;
    struct value tables;
    struct lookups lookups;      /* in them; asked only where scene_tables gave some */
    struct condition_scene seen; /* by conditions. `start` is the event: a journey's first step */
};

/* Nobody, no event; now. */
void scene_begin(struct scene *scene, const struct config *config, struct arena *arena);

/* The customer before the event: a JSON object of fields, or a document as it stands in
 * Redis. Before scene_event. */
bool scene_customer(struct scene *scene, const struct input *input, struct diag *diag);

/* What lookup() finds: a JSON object of tables, each an object. */
bool scene_tables(struct scene *scene, const struct input *input, struct diag *diag);

/* The event, in either form. What it says of the customer is merged, and it is counted, as
 * when it is decided. */
bool scene_event(struct scene *scene, const struct input *input, struct diag *diag);

/* All names that expressions see there, as one map: for "did you mean". */
struct value scene_names(const struct scene *scene);

#endif
