#include "host/host_door.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, AGAIN_MS = 50, AGAIN_MOST = 60 };

/* A nudged-web whose daemon was killed holds the port until it has noticed. */
static bool bind_patiently(int fd, const struct web_place *place)
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

int host_door_open(const char *text, char where[SOCKET_PLACE_SIZE], struct diag *diag)
{
    struct web_place place;
    int on = 1;
    if (!web_place_read(text, &place, diag))
        return -1;
    int fd = socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool v6 = place.address.ss_family == AF_INET6;
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
        bind_patiently(fd, &place) && listen(fd, BACKLOG) == 0) {
        socket_place(fd, where);
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
        /* Nobody can connect before it listens. */
        if (fd >= 0 && clear_way(&address) &&
            bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
            chmod(path, 0660) == 0 && listen(fd, BACKLOG) == 0)
            return fd;
    }
    diag_error(diag, "cannot listen at %s for nudged-web: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}
