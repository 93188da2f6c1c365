/*
 * nudged-web as a whole: greets the daemon, loads what it is told, confines itself, listens, and
 * ends what was begun before it goes.
 */
#ifndef NUDGED_WEB_SERVICE_H
#define NUDGED_WEB_SERVICE_H

struct service_options {
    int daemon; /* connected to the daemon */
    int door;   /* listens */
};

/* Runs until the daemon says so or is gone, or SIGTERM. The status for exit(3). */
int service_run(const struct service_options *options);

#endif
