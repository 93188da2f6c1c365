/* Where the public socket listens: an address, not a name, and a port. */
#ifndef NUDGED_WEB_WEB_PLACE_H
#define NUDGED_WEB_WEB_PLACE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/diag.h"

struct web_place {
    struct sockaddr_storage address;
    socklen_t length;
    bool own; /* of this machine alone: 127.0.0.0/8, ::1 */
};

/* "127.0.0.1:8025", "[::]:443"; port 0: any that is free. False with `diag`. */
bool web_place_read(const char *text, struct web_place *place, struct diag *diag);

#endif
