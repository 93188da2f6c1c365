/*
 * The program nudged-web: found beside this one, started with its two sockets and nothing else, and
 * watched.
 */
#ifndef NUDGED_HOST_HOST_PROCESS_H
#define NUDGED_HOST_HOST_PROCESS_H

#include <stdint.h>

#include "base/diag.h"

struct event_base;
struct host_process;

/* From the loop, once: it has ended, and how. */
typedef void host_process_on_end(void *context, const struct diag *how);

/* `door` stays the caller's; *channel takes the descriptor of its own end. NULL with `diag`. */
struct host_process *host_process_start(struct event_base *base, int door, int *channel,
                                        host_process_on_end *on_end, void *context,
                                        struct diag *diag);
/* Kills it where it still runs. */
void host_process_destroy(struct host_process **process);

int64_t host_process_id(const struct host_process *process);

#endif
