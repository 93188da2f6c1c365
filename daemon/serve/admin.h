/*
 * The admin socket: HTTP/1.1 on a Unix socket of mode 0600, so only the
 * daemon's user and root reach it. The process ignores SIGPIPE.
 */
#ifndef NUDGED_SERVE_ADMIN_H
#define NUDGED_SERVE_ADMIN_H

#include "base/diag.h"
#include "serve/admin_route.h"

struct event_base;
struct admin;

/* Listens at `path`, at most 107 bytes. A socket that a dead process left there is
 * replaced; one that answers, or a file of another kind, is an error. "<path>.lock" beside it
 * stays there. `routes` ends with a row without a path, and outlives the admin, as `context`
 * does. NULL with `diag` set. */
struct admin *admin_open(struct event_base *base, const char *path,
                         const struct admin_route *routes, void *context, struct diag *diag);

/* Closes the connections and removes the socket. Answers given before are still
 * written, as far as the kernel takes them at once. */
void admin_destroy(struct admin **admin);

#endif
