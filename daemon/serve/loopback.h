/* Addresses of this machine alone, and listening there. IPv4: 127.0.0.0/8; IPv6: ::1. */
#ifndef NUDGED_SERVE_LOOPBACK_H
#define NUDGED_SERVE_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/diag.h"
#include "base/socket_place.h"

struct loopback {
    struct sockaddr_storage address;
    socklen_t length;
};

/* "127.0.0.1:9464", "[::1]:9464", "localhost:9464" (the first of these); port 0: any that is free.
 * False with a hint where it is another address, or none. */
bool loopback_parse(const char *text, struct loopback *loopback, struct diag *diag);

/* Whether the Host of a request (RFC 9110, 7.2; with or without a port) names such an address. */
bool loopback_is_host(const char *host);

/* A socket that listens there, or -1. `text` takes where: with the port that was free. */
int loopback_listen(const struct loopback *loopback, char text[SOCKET_PLACE_SIZE],
                    struct diag *diag);

#endif
