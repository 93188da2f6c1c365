/*
 * The daemon: owns every object, builds them in one order and tears them down in
 * its mirror.
 */
#ifndef NUDGED_APP_APP_H
#define NUDGED_APP_APP_H

#include "base/diag.h"
#include "config/config.h"

struct app;

/* `config` is taken over. NULL with `diag` where the start is refused. */
struct app *app_new(struct config *config, struct diag *diag);

/* Runs until SIGTERM, SIGINT, POST /stop, or a fault that no waiting mends. The status
 * for exit(3): 0, or of sysexits(3). */
int app_run(struct app *app);

void app_destroy(struct app **app);

#endif
