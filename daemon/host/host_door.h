/* Sockets that the daemon listens at for nudged-web: the public one, and that of a unit's. */
#ifndef NUDGED_HOST_HOST_DOOR_H
#define NUDGED_HOST_HOST_DOOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

enum { HOST_DOOR_TEXT_SIZE = 80 };

/* "127.0.0.1:8025", "[::]:443": an address, not a name, and a port; port 0: any that is free. False
 * with `diag`. */
bool host_door_check(const char *text, struct diag *diag);

/* A socket that listens there, or -1. Waits a few seconds for who still holds the port. `where`
 * takes the address with the port that was free. */
int host_door_open(const char *text, char where[HOST_DOOR_TEXT_SIZE], struct diag *diag);

/* A Unix socket at `path`, mode 0660; one that nobody listens at any more is replaced. Or -1. */
int host_door_open_path(const char *path, struct diag *diag);

#endif
