#include "serve/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { BACKLOG = 16, HOST_MOST = 64 };

/* "127.0.0.1", "127.0.0.1:9464", "[::1]", "[::1]:9464": the host without brackets, and the port; -1
 * where there is none. */
static bool split(const char *text, char host[HOST_MOST], int *port)
{
    bool brackets = text[0] == '[';
    size_t length = strcspn(text + brackets, brackets ? "]" : ":");
    const char *rest = text + brackets + length;
    *port = -1;
    if (length == 0 || length >= HOST_MOST || (brackets && *rest++ != ']'))
        return false;
    memcpy(host, text + brackets, length);
    host[length] = '\0';
    if (*rest == '\0')
        return true;
    size_t digits = strspn(rest + 1, "0123456789");
    if (*rest != ':' || digits == 0 || digits > 5 || rest[1 + digits])
        return false;
    *port = atoi(rest + 1);
    return *port <= UINT16_MAX;
}

/* An address with or without a port; false where it is none, or another than of this machine alone
 * (*foreign). */
static bool read_address(const char *text, struct loopback *loopback, int *port, bool *foreign)
{
    char host[HOST_MOST];
    struct sockaddr_in *v4 = (struct sockaddr_in *)&loopback->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&loopback->address;
    *loopback = (struct loopback){0};
    *foreign = false;
    if (!split(text, host, port))
        return false;
    in_port_t number = htons((uint16_t)(*port < 0 ? 0 : *port));
    if (text[0] == '[') {
        if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
            return false;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = number;
        loopback->length = sizeof *v6;
        *foreign = !IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
        return !*foreign;
    }
    const char *address = strcasecmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (inet_pton(AF_INET, address, &v4->sin_addr) != 1)
        return false;
    v4->sin_family = AF_INET;
    v4->sin_port = number;
    loopback->length = sizeof *v4;
    *foreign = ntohl(v4->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET;
    return !*foreign;
}

static bool refuse(struct diag *diag, const char *what, const char *text)
{
    diag_error(diag, "%s: `%s`", what, text);
    diag_hint(diag, "figures are served to this machine alone, at 127.0.0.1:9464 or [::1]:9464");
    return false;
}

bool loopback_parse(const char *text, struct loopback *loopback, struct diag *diag)
{
    int port;
    bool foreign;
    if (!read_address(text, loopback, &port, &foreign))
        return refuse(
            diag, foreign ? "not an address of this machine alone" : "not an address and a port",
            text);
    return port >= 0 || refuse(diag, "an address without a port", text);
}

bool loopback_is_host(const char *host)
{
    struct loopback loopback;
    int port;
    bool foreign;
    return read_address(host, &loopback, &port, &foreign);
}

int loopback_listen(const struct loopback *loopback, char text[SOCKET_PLACE_SIZE],
                    struct diag *diag)
{
    const struct sockaddr *address = (const struct sockaddr *)&loopback->address;
    int on = 1;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, address, loopback->length) == 0 && listen(fd, BACKLOG) == 0) {
        socket_place(fd, text);
        return fd;
    }
    diag_error(diag, "cannot listen for who asks for figures: %s", strerror(errno));
    if (errno == EADDRINUSE)
        diag_hint(diag, "each daemon of a machine needs a port of its own");
    if (fd >= 0)
        close(fd);
    return -1;
}
