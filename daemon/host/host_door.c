#include "host/host_door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, HOST_MOST = 64, AGAIN_MS = 50, AGAIN_MOST = 100 };

struct place {
    struct sockaddr_storage address;
    socklen_t length;
};

/* The part before the last colon, without brackets, and the port behind it. */
static bool split(const char *text, char host[HOST_MOST], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
    if (!colon || digits == 0 || digits > 5 || colon[1 + digits] || atol(colon + 1) > UINT16_MAX)
        return false;
    const char *end = colon;
    if (text[0] == '[') {
        text++;
        if (*--end != ']')
            return false;
    }
    if (end <= text || end - text >= HOST_MOST)
        return false;
    snprintf(host, HOST_MOST, "%.*s", (int)(end - text), text);
    *port = (uint16_t)atol(colon + 1);
    return true;
}

static bool read_place(const char *text, struct place *place)
{
    char host[HOST_MOST];
    uint16_t port;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&place->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&place->address;
    *place = (struct place){0};
    if (!split(text, host, &port))
        return false;
    if (text[0] == '[' && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        place->length = sizeof *v6;
    } else if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        place->length = sizeof *v4;
    }
    return place->length > 0;
}

bool host_door_check(const char *text, struct diag *diag)
{
    struct place place;
    if (read_place(text, &place))
        return true;
    diag_error(diag, "not an address and a port: `%s`", text);
    diag_hint(diag, "127.0.0.1:8025 behind a proxy, or 0.0.0.0:443 and [::]:443 with `tls`");
    return false;
}

static void print_where(int fd, char where[HOST_DOOR_TEXT_SIZE])
{
    struct place place = {.length = sizeof place.address};
    char host[INET6_ADDRSTRLEN] = "";
    getsockname(fd, (struct sockaddr *)&place.address, &place.length);
    if (place.address.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&place.address;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(where, HOST_DOOR_TEXT_SIZE, "%s:%u", host, ntohs(v4->sin_port));
    } else {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&place.address;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        snprintf(where, HOST_DOOR_TEXT_SIZE, "[%s]:%u", host, ntohs(v6->sin6_port));
    }
}

/* A nudged-web whose daemon was killed holds the port until it has noticed. */
static bool bind_patiently(int fd, const struct place *place)
{
    for (int i = 0; i < AGAIN_MOST; i++) {
        if (bind(fd, (const struct sockaddr *)&place->address, place->length) == 0)
            return true;
        if (errno != EADDRINUSE)
            return false;
        poll(NULL, 0, AGAIN_MS);
    }
    return false;
}

int host_door_open(const char *text, char where[HOST_DOOR_TEXT_SIZE], struct diag *diag)
{
    struct place place;
    int on = 1;
    if (!host_door_check(text, diag) || !read_place(text, &place))
        return -1;
    int fd = socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool v6 = place.address.ss_family == AF_INET6;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
        bind_patiently(fd, &place) && listen(fd, BACKLOG) == 0) {
        print_where(fd, where);
        return fd;
    }
    diag_error(diag, "cannot listen at %s for the web: %s", text, strerror(errno));
    if (errno == EADDRINUSE)
        diag_hint(diag, "each daemon of a machine needs a port of its own");
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Whether nothing is in the way, or nothing any more. */
static bool clear_way(const struct sockaddr_un *address)
{
    struct stat status;
    if (lstat(address->sun_path, &status) != 0)
        return errno == ENOENT;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool left = S_ISSOCK(status.st_mode) && fd >= 0 &&
                connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 &&
                errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    errno = EADDRINUSE;
    return left && unlink(address->sun_path) == 0;
}

int host_door_open_path(const char *path, struct diag *diag)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = -1;
    errno = ENAMETOOLONG;
    if (strlen(path) < sizeof address.sun_path) {
        strcpy(address.sun_path, path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && clear_way(&address) && fchmod(fd, 0660) == 0 &&
            bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
            listen(fd, BACKLOG) == 0)
            return fd;
    }
    diag_error(diag, "cannot listen at %s for nudged-web: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}
