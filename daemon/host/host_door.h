/* Sockets that the daemon listens at for nudged-web: the public one, and that of a unit's. */
#ifndef NUDGED_HOST_HOST_DOOR_H
#define NUDGED_HOST_HOST_DOOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/socket_place.h"
#include "web/web_place.h"

/* A socket that listens at `text`, as web_place_read() has it, or -1. Waits a few seconds for who
 * still holds the port. `where` takes the address with the port that was free. */
int host_door_open(const char *text, char where[SOCKET_PLACE_SIZE], struct diag *diag);

/* A Unix socket at `path`, mode 0660; one that nobody listens at any more is replaced. Or -1. */
int host_door_open_path(const char *path, struct diag *diag);

#endif
