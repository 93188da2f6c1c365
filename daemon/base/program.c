#include "base/program.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find_beside(const char *name, char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    char *end = strrchr(path, '/') + 1;
    size_t room = PATH_MAX - (size_t)(end - path);
    return (size_t)snprintf(end, room, "%s", name) < room && access(path, X_OK) == 0;
}

void program_find(const char *name, char path[PATH_MAX])
{
    if (!find_beside(name, path))
        snprintf(path, PATH_MAX, NUDGED_SBINDIR "/%s", name);
}
