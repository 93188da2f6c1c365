#include "base/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Whole files of a few bytes: one read. */
static ssize_t load(const char *path, char text[SECRET_FILE_MOST])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, text, SECRET_FILE_MOST);
    int fault = errno;
    close(fd);
    errno = fault;
    return length;
}

/* What is wrong with it, or NULL. */
static const char *fault_of(const char *path, char text[SECRET_FILE_MOST])
{
    ssize_t length = load(path, text);
    if (length < 0)
        return strerror(errno);
    if (length == SECRET_FILE_MOST)
        return "longer than a password can be";
    text[length] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    if (!text[0])
        return "its first line is empty";
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return "a control character in it";
    }
    return NULL;
}

bool secret_file_read(const char *path, char text[SECRET_FILE_MOST], struct diag *diag)
{
    const char *fault = fault_of(path, text);
    if (!fault)
        return true;
    explicit_bzero(text, SECRET_FILE_MOST);
    return diag_error(diag, "%s: %s", path, fault);
}
