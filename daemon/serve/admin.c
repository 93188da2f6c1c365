/*
 * The admin socket's file: its mode, its lock, and what was left behind by a dead process.
 *
 * Who holds the lock of "<path>.lock" owns the path. Without it, of two daemons that start
 * at once where a dead one's socket is left, each could remove what the other has just made.
 */
#include "serve/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "serve/admin_http.h"

struct admin {
    struct admin_http *http;
    struct sockaddr_un address;
    int lock; /* a descriptor, kept open */
};

enum { BACKLOG = 16 };

static bool make_address(struct sockaddr_un *address, const char *path, struct diag *diag)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path) {
        diag_error(diag, "the path of the admin socket is too long: %s", path);
        diag_hint(diag, "%zu bytes at most", sizeof address->sun_path - 1);
        return false;
    }
    strcpy(address->sun_path, path);
    return true;
}

static bool refuse_taken(const struct sockaddr_un *address, struct diag *diag)
{
    diag_error(diag, "another daemon listens at %s", address->sun_path);
    diag_hint(diag, "end it, or give this one another state folder");
    return false;
}

/* The descriptor that holds the lock, or -1. The file stays: to remove it would begin the
 * race anew. */
static int take_lock(const struct sockaddr_un *address, struct diag *diag)
{
    char path[sizeof address->sun_path + 8];
    snprintf(path, sizeof path, "%s.lock", address->sun_path);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
        return lock;
    if (lock >= 0 && errno == EWOULDBLOCK)
        refuse_taken(address, diag);
    else
        diag_error(diag, "cannot lock %s: %s", path, strerror(errno));
    if (lock >= 0)
        close(lock);
    return -1;
}

/* True where nothing stands at the address, or nothing any more. */
static bool clear_way(const struct sockaddr_un *address, struct diag *diag)
{
    struct stat status;
    if (lstat(address->sun_path, &status))
        return errno == ENOENT || diag_error(diag, "%s: %s", address->sun_path, strerror(errno));
    if (!S_ISSOCK(status.st_mode))
        return diag_error(diag, "%s is there and is not a socket", address->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return diag_error(diag, "socket: %s", strerror(errno));
    bool refused =
        connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 && errno == ECONNREFUSED;
    close(fd);
    if (!refused)
        return refuse_taken(address, diag);
    if (unlink(address->sun_path))
        return diag_error(diag, "cannot remove %s: %s", address->sun_path, strerror(errno));
    return true;
}

/* The mode is set before bind(2), which takes it over for the file (unix(7) under
 * Linux), so there is no moment at which others could connect. */
static int listen_at(const struct sockaddr_un *address, struct diag *diag)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        diag_error(diag, "socket: %s", strerror(errno));
        return -1;
    }
    if (fchmod(fd, 0600) || bind(fd, (const struct sockaddr *)address, sizeof *address) ||
        listen(fd, BACKLOG)) {
        diag_error(diag, "cannot listen at %s: %s", address->sun_path, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

struct admin *admin_open(struct event_base *base, const char *path,
                         const struct admin_route *routes, void *context, struct diag *diag)
{
    struct sockaddr_un address;
    int lock;
    if (!make_address(&address, path, diag) || (lock = take_lock(&address, diag)) < 0)
        return NULL;
    int fd = clear_way(&address, diag) ? listen_at(&address, diag) : -1;
    if (fd < 0) {
        close(lock);
        return NULL;
    }
    struct admin *admin = mem_zero(1, sizeof *admin);
    admin->address = address;
    admin->lock = lock;
    admin->http = admin_http_open(
        &(struct admin_http_options){.base = base, .fd = fd, .routes = routes, .context = context});
    return admin;
}

void admin_destroy(struct admin **pointer)
{
    struct admin *admin = *pointer;
    if (!admin)
        return;
    *pointer = NULL;
    unlink(admin->address.sun_path);
    admin_http_close(&admin->http);
    close(admin->lock);
    free(admin);
}
