/* The daemon of a demo: a child of this program. */
#ifndef NUDGED_CTL_DEMO_DAEMON_H
#define NUDGED_CTL_DEMO_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/diag.h"

struct demo_daemon {
    pid_t pid; /* 0: not started, or it has ended */
};

/* Starts the nudged beside this program, else the installed one, and waits until it answers at
 * its admin socket that it works. False where it does not; it may run even so. */
bool demo_daemon_start(struct demo_daemon *daemon, const char *config, const char *socket,
                       struct diag *diag);

/* Whether it ended by itself. */
bool demo_daemon_ended(struct demo_daemon *daemon);

/* As SIGTERM does, and waits for its end. */
void demo_daemon_stop(struct demo_daemon *daemon);

#endif
