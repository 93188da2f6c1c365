#include "config/new_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is written under its name is whole; errno says what failed. */
static bool write_whole(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !fsync(fd);
    int error = errno;
    close(fd);
    errno = error;
    return written;
}

bool new_secret_write(const char *path, const char *text, struct diag *diag)
{
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.new-%ld", path, (long)getpid());
    bool made = write_whole(temporary, text) && (!link(temporary, path) || errno == EEXIST);
    int error = errno;
    unlink(temporary);
    return made || diag_error(diag, "cannot write the secret %s: %s", path, strerror(error));
}
