/*
 * What nudged has open to the web, from the daemon's side: the public socket, the nudged-web that
 * takes from it, and what that asks. One that dies is started again; a reload starts another one,
 * and the former ends what it began. The sockets stay, so nobody is turned away meanwhile.
 */
#ifndef NUDGED_HOST_HOST_H
#define NUDGED_HOST_HOST_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"
#include "config/generation.h"
#include "store/routes.h"

struct event_base;
struct host;
struct log_group;

struct host_options {
    struct event_base *base;
    struct scripts *scripts; /* of shard 0 */
    struct routes routes;    /* all zero where that is the only one */
    struct log_group *log_group;
    struct generation *(*generation)(void *context); /* in force */
    void *context;
};

/* Reads all files that a nudged-web of this configuration will read, by the same code. False with
 * all faults. */
bool host_check(const struct config *config, struct diags *diags);

/* NULL without a fault where the configuration has nothing open; NULL with `diag` where a socket
 * cannot be had: *failed tells which. */
struct host *host_new(const struct host_options *options, bool *failed, struct diag *diag);
void host_destroy(struct host **host);

/* ---- All of these take NULL: nothing is open ---- */

/* The configuration in force is another one. */
void host_reload(struct host *host);
/* Takes nobody any more; what was begun is ended in order. */
void host_drain(struct host *host);
/* What has not ended is ended now. */
void host_cut(struct host *host);
/* Whether a nudged-web still has something under way, after host_drain. */
bool host_busy(const struct host *host);

#endif
