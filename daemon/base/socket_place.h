/* Where a socket is bound, for people. */
#ifndef NUDGED_BASE_SOCKET_PLACE_H
#define NUDGED_BASE_SOCKET_PLACE_H

enum { SOCKET_PLACE_SIZE = 64 };

/* "127.0.0.1:9464", "[::1]:9464": of a socket of IPv4 or IPv6. */
void socket_place(int fd, char text[SOCKET_PLACE_SIZE]);

#endif
