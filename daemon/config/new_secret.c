#include "config/new_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool new_secret_write(const char *path, const char *text, struct diag *diag)
{
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && !fsync(fd);
    if (fd >= 0)
        close(fd);
    if (written && rename(temporary, path) == 0)
        return true;
    return diag_error(diag, "cannot write the secret %s: %s", path, strerror(errno));
}
