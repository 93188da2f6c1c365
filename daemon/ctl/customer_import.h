/* The files of `nudgectl customer import`: exports, or profiles as JSON lines or CSV. */
#ifndef NUDGED_CTL_CUSTOMER_IMPORT_H
#define NUDGED_CTL_CUSTOMER_IMPORT_H

#include <stdbool.h>

#include "ctl/context.h"

struct customer_import {
    bool journeys, after_erasure; /* as of struct subject_import */
};

/* `names` ends with NULL. The exit status. */
int customer_import_run(struct context *context, const struct customer_import *how, char **names);

#endif
